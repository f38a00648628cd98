// Every page also works without this script.

let loading
let stale = false

sayTimeZone()
enhance()
document.addEventListener('htmx:after:swap', () => {
  enhance()
  document.querySelector('[data-sends]:focus')?.scrollIntoView({ block: 'nearest' })
})
document.querySelector('tr.marked')?.scrollIntoView({ block: 'nearest' })

// A redirect leads to another page, which must not be swapped into this one.
document.addEventListener('htmx:before:response', (event) => {
  const { raw } = event.detail.ctx.response
  if (!raw.redirected) return
  event.preventDefault()
  location.assign(raw.url)
})

// Polls ([data-watched]) are repeated. For other requests the user waits.
document.addEventListener('htmx:before:request', (event) => {
  const { ctx } = event.detail
  if (isWatched(ctx)) {
    // A page that no one sees asks for nothing.
    if (document.hidden) event.preventDefault()
    return
  }
  forgetFailure()
  clearTimeout(loading)
  const isCode = ctx.sourceElement.querySelector('[data-sends]') !== null
  // Most responses are faster.
  loading = setTimeout(() => say(isCode ? 'Checking the code…' : 'Loading…'), 300)
})

document.addEventListener('htmx:finally:request', ({ detail: { ctx } }) => {
  const isDone = ctx.status === 'swapped'
  if (isWatched(ctx)) {
    if (isDone && ctx.response.status < 400) sayFresh(ctx.sourceElement.dataset.said)
    return
  }
  clearTimeout(loading)
  delete ctx.sourceElement.dataset.sent
  const results = document.querySelector('#results')
  // When the swap has removed the link, htmx reports #results as the source.
  const isList = isDone && ctx.response.status < 400 && ctx.sourceElement.matches('[data-list], #results')
  say('', isList ? results.dataset.said : '')
  // The swap has removed the focused link.
  if (isList && document.activeElement === document.body) goTo(results)
})

document.addEventListener('htmx:error', ({ detail: { ctx } }) => {
  if (!ctx) return
  if (isWatched(ctx)) sayStale()
  else sayFailed(ctx, 'The server did not answer. Check your connection and try again.')
})

// A refused form is answered by its page. A list only takes its results from a response.
document.addEventListener('htmx:response:error', ({ detail: { ctx } }) => {
  const { status, headers } = ctx.response
  if (isWatched(ctx)) sayStale()
  else if (ctx.sourceElement.matches('[data-list]'))
    sayFailed(ctx, `This could not be loaded (error ${status}). What you see is from before.`)
  else if (status >= 500)
    sayFailed(
      ctx,
      `This could not be done (error ${status}). What you filled in is still here: try again in a moment. If you ask for help, give this reference: ${headers.get('X-Request-Id')}`,
    )
})

document.addEventListener('click', (event) => {
  const reveal = event.target.closest('[data-reveal]')
  if (reveal) showPassword(reveal, reveal.getAttribute('aria-pressed') === 'false')
  const copy = event.target.closest('[data-copy]')
  if (copy) copyText(copy)
  closeMenus(event.target)
})

// Only when a digit was added, so that a code can be corrected.
document.addEventListener('input', ({ target, inputType }) => {
  if (!target.matches('[data-sends]') || inputType?.startsWith('delete')) return
  if (!/^[0-9]{6}$/.test(target.value.replace(/\s/g, '')) || !target.form.checkValidity()) return
  say('', 'Checking the code…')
  target.form.requestSubmit()
})

// A code works once: the Enter key after the sixth digit must not send it again.
document.addEventListener(
  'submit',
  (event) => {
    const form = event.target
    if (!form.matches('[hx-post]') || !form.querySelector('[data-sends]')) return
    if (form.dataset.sent === undefined) form.dataset.sent = ''
    else {
      event.preventDefault()
      event.stopImmediatePropagation()
    }
  },
  true,
)

// Keeps focus and caret in the field.
document.addEventListener('mousedown', (event) => {
  if (event.target.closest('[data-reveal]')) event.preventDefault()
})

// Browsers would remember a password from a text field as ordinary input.
document.addEventListener(
  'submit',
  (event) => {
    for (const reveal of event.target.querySelectorAll('[data-reveal]')) showPassword(reveal, false)
  },
  true,
)

document.addEventListener('change', ({ target }) => {
  if (target.matches('.filters[data-list] select')) target.form.requestSubmit()
})

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return
  const menu = document.querySelector('.menu[open]')
  closeMenus(document.body)
  menu?.querySelector('summary').focus()
})

// The server formats times in this zone from the next page on.
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
  for (const field of document.querySelectorAll('[data-sends]:not([data-ready])')) {
    field.dataset.ready = ''
    document.getElementById(`${field.id}-hint`).append(' Sent as soon as the sixth is in.')
  }
  for (const seconds of document.querySelectorAll('[data-seconds]:not([data-until])')) countDown(seconds)
}

// Screen readers announce only the end, not each second.
function countDown(element) {
  const until = Date.now() + Number(element.dataset.seconds) * 1000
  element.dataset.until = String(until)
  element.closest('.countdown').hidden = false
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

// Focusing does not scroll to the top of an element higher than the window.
function goTo(element) {
  element.focus()
  if (element.getBoundingClientRect().top < 0) element.scrollIntoView()
}

function isWatched(ctx) {
  return ctx.sourceElement?.matches('[data-watched]') ?? false
}

// `text` is visible and announced, `quietly` only announced.
function say(text, quietly = '') {
  const busy = document.querySelector('#busy')
  busy.textContent = text || quietly
  busy.classList.toggle('visually-hidden', !text)
}

function sayStale() {
  stale = true
  say('This page is not up to date: the server does not answer. Trying again…')
}

// `news`: the result, if polling ends.
function sayFresh(news) {
  if (news || stale) say('', news ?? 'Up to date again.')
  stale = false
}

function sayFailed({ sourceElement, request }, text) {
  forgetFailure()
  const alert = make('div', { id: 'unreachable', className: 'alert', tabIndex: -1 })
  alert.setAttribute('role', 'alert')
  const again = make('button', { type: 'button', className: 'button quiet small', textContent: 'Try again' })
  again.addEventListener('click', () => {
    if (!sourceElement.isConnected) return location.reload()
    ;(request.submitter ?? sourceElement).focus()
    if (sourceElement.matches('form')) sourceElement.requestSubmit(request.submitter)
    else sourceElement.click()
  })
  alert.append(make('span', { textContent: text }), again)
  const results = sourceElement.matches('[data-list]') && document.querySelector('#results')
  if (results) results.before(alert)
  else document.querySelector('#main').prepend(alert)
  alert.focus()
}

function forgetFailure() {
  document.querySelector('#unreachable')?.remove()
}

function make(name, properties) {
  return Object.assign(document.createElement(name), properties)
}
