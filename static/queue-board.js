// bull-board shows buttons for what is refused here, and many that only a tooltip names: it has no option for either.
// They are told apart by their icons (of Lucide).

const REFUSED = new Set([
  'plus', // Add job
  'files', // Duplicate
  'pencil', // Edit job data, edit schedule
  'clock', // Change the delay
  'pause',
  'play', // Resume, run now
  'chart-no-axes-gantt', // Set concurrency
  'gauge', // Set rate limit
  'ban', // Obliterate
])
/** Refused where it has words of its own: it is about many jobs, or none. With its icon alone it is about one. */
const REFUSED_FOR_MANY = new Set([
  'trash-2', // Clean all, empty, remove scheduler
  'corner-up-left', // Promote all
])
const NAMES = {
  'refresh-cw': 'Retry',
  'corner-up-left': 'Promote',
  'trash-2': 'Remove',
  copy: 'Copy',
  'ellipsis-vertical': 'Actions',
  maximize: 'Full screen',
  settings: 'Settings',
  'circle-user': 'Links',
}

new MutationObserver(mend).observe(document.body, { childList: true, subtree: true })

// The board uses one button for another: what was said of it before may hold no more.
function mend() {
  for (const button of document.querySelectorAll('button:has(> svg), [role="menuitem"]:has(> svg)')) {
    const isNamed = button.hasAttribute('data-named')
    const icons = [...button.querySelector('svg').classList].map((name) => name.replace(/^lucide-/, ''))
    const says = button.textContent.trim() || (!isNamed && button.getAttribute('aria-label'))
    const isRefused = icons.some((icon) => REFUSED.has(icon) || (says && REFUSED_FOR_MANY.has(icon)))
    const name = says ? undefined : icons.map((icon) => NAMES[icon]).find(Boolean)
    if (name) button.setAttribute('aria-label', name)
    else if (isNamed) button.removeAttribute('aria-label')
    button.toggleAttribute('data-named', name !== undefined)
    button.toggleAttribute('data-refused', isRefused)
  }
}
