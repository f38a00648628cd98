// bull-board shows buttons for what is refused here, and many that only a tooltip names: it has no option for either.
// They are told apart by their icons (of Lucide).

const REFUSED = new Set([
  'plus', // Add job
  'files', // Duplicate
  'pencil', // Edit job data, edit schedule
  'clock', // Change the delay
  'list-x', // Remove the children
  'chart-no-axes-gantt', // Set concurrency
  'gauge', // Set rate limit
  'ban', // Obliterate
])
/** Refused where there are words for it. With its icon alone it is something else, which is allowed. */
const REFUSED_WITH_WORDS = new Set([
  'pause', // Pause, pause all
  'play', // Resume, run now
  'trash-2', // Clean all, empty, remove scheduler
  'corner-up-left', // Promote all
])
const NAMES = {
  'refresh-cw': 'Retry',
  'corner-up-left': 'Promote',
  'trash-2': 'Remove',
  copy: 'Copy',
  play: 'Follow the logs',
  pause: 'Stop following',
  'ellipsis-vertical': 'Actions',
  maximize: 'Full screen',
  settings: 'Settings',
  'circle-user': 'Links',
}

new MutationObserver(mend).observe(document.body, { childList: true, subtree: true })
mend()

// The board uses one button for another: what was said of it before may hold no more.
function mend() {
  for (const button of document.querySelectorAll('button:has(> svg), [role="menuitem"]:has(> svg)')) {
    const label = button.getAttribute('aria-label')
    const isOurs = label !== null && label === button.dataset.named
    const icons = [...button.querySelector('svg').classList].map((name) => name.replace(/^lucide-/, ''))
    const words = button.textContent.trim() || (!isOurs && label)
    const isRefused = icons.some((icon) => REFUSED.has(icon) || (words && REFUSED_WITH_WORDS.has(icon)))
    const name = words ? undefined : icons.map((icon) => NAMES[icon]).find(Boolean)
    if (isOurs && !name) button.removeAttribute('aria-label')
    if (name) {
      button.setAttribute('aria-label', name)
      button.dataset.named = name
    }
    button.toggleAttribute('data-refused', isRefused)
  }
}
