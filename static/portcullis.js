// Nothing here is needed: every page works without it.

sayTimeZone()
enhance()
document.addEventListener('htmx:after:swap', enhance)

// A followed redirect is another page: go there instead of swapping it into this one.
document.addEventListener('htmx:before:response', (event) => {
  const { raw } = event.detail.ctx.response
  if (!raw.redirected) return
  event.preventDefault()
  location.assign(raw.url)
})

document.addEventListener('htmx:error', (event) => {
  const { ctx } = event.detail
  // What the page asks for by itself it asks for again.
  if (ctx && !ctx.sourceElement?.matches('[data-watched]')) sayUnreachable()
})

document.addEventListener('click', (event) => {
  const reveal = event.target.closest('[data-reveal]')
  if (reveal) showPassword(reveal, reveal.getAttribute('aria-pressed') === 'false')
  const copy = event.target.closest('[data-copy]')
  if (copy) copyText(copy)
  closeMenus(event.target)
})

// The pointer leaves the focus, and with it the caret, in the field.
document.addEventListener('mousedown', (event) => {
  if (event.target.closest('[data-reveal]')) event.preventDefault()
})

// A password is sent from a password field, else browsers remember it as ordinary text.
document.addEventListener(
  'submit',
  (event) => {
    for (const reveal of event.target.querySelectorAll('[data-reveal]')) showPassword(reveal, false)
  },
  true,
)

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return
  const menu = document.querySelector('.menu[open]')
  closeMenus(document.body)
  menu?.querySelector('summary').focus()
})

// The server writes times as this browser's clock has them, from the next page on.
function sayTimeZone() {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone
  if (!zone || document.cookie.split('; ').includes(`zone=${zone}`)) return
  const secure = location.protocol === 'https:' ? '; secure' : ''
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser.
  document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`
}

function enhance() {
  for (const button of document.querySelectorAll('[data-reveal]')) button.hidden = false
  if (navigator.clipboard)
    for (const button of document.querySelectorAll('[data-copy]')) button.hidden = false
  for (const seconds of document.querySelectorAll('[data-seconds]:not([data-until])')) countDown(seconds)
}

// Only the end is announced: a screen reader that reads each second is of no use.
function countDown(element) {
  const until = Date.now() + Number(element.dataset.seconds) * 1000
  element.dataset.until = String(until)
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000))
    element.textContent = String(left)
    if (left > 0 && element.isConnected) return
    clearInterval(timer)
    const [waiting, arrived] = element.closest('.countdown').children
    waiting.hidden = true
    arrived.textContent = 'Your app shows a new code now.'
  }, 250)
}

function showPassword(button, shown) {
  document.getElementById(button.dataset.reveal).type = shown ? 'text' : 'password'
  button.setAttribute('aria-pressed', String(shown))
}

async function copyText(button) {
  const said = button.parentElement.querySelector('[role="status"]')
  try {
    await navigator.clipboard.writeText(
      document.getElementById(button.dataset.copy).textContent.replace(/\s/g, ''),
    )
    said.textContent = 'Copied.'
  } catch {
    said.textContent = 'Your browser did not allow it: select the key and copy it.'
  }
}

function closeMenus(clicked) {
  for (const menu of document.querySelectorAll('.menu[open]')) if (!menu.contains(clicked)) menu.open = false
}

function sayUnreachable() {
  const text = 'The server did not answer. Check your connection and try again.'
  document.querySelector('#unreachable')?.remove()
  const alert = Object.assign(document.createElement('p'), {
    id: 'unreachable',
    className: 'alert',
    tabIndex: -1,
  })
  alert.setAttribute('role', 'alert')
  alert.textContent = text
  document.querySelector('#main').prepend(alert)
  alert.focus()
}
