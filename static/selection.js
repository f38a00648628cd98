// Selecting people in a list. Without this script the form below the list asks whom it is about instead.

/** Kept while htmx replaces a row. */
const selected = new Set()

prepare()
document.addEventListener('htmx:after:swap', prepare)
// Browsers fill in the form again when the reader comes back to the page.
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('.selecting')) show(form)
})

document.addEventListener('change', ({ target }) => {
  const form = target.closest('.selecting')
  if (!form || !target.closest('.pick')) return
  if (target.name !== 'userId') for (const box of boxesOf(form)) box.checked = target.checked
  chooseWhom(form, 'selected')
  show(form)
  say(form)
})

document.addEventListener('click', ({ target }) => {
  const button = target.closest('[data-select]')
  if (!button) return
  const form = button.closest('.selecting')
  const { select } = button.dataset
  for (const box of boxesOf(form)) box.checked = select !== 'none'
  chooseWhom(form, select === 'matching' ? 'matching' : 'selected')
  show(form)
  say(form)
  // The button that had the focus is gone.
  if (select === 'none') boxesOf(form)[0]?.focus()
  else form.querySelector('[data-select="none"]').focus()
})

function prepare() {
  for (const form of document.querySelectorAll('.selecting')) {
    if (form.dataset.ready === undefined) {
      form.dataset.ready = ''
      selected.clear()
      addControls(form)
    } else for (const box of boxesOf(form)) box.checked = selected.has(box.value)
    show(form)
  }
}

function addControls(form) {
  const page = make('input', { type: 'checkbox', ariaLabel: 'Select everyone on this page' })
  page.dataset.selectPage = ''
  const label = make('label', {})
  label.append(page)
  form.querySelector('thead .pick').replaceChildren(label)

  const bar = form.querySelector('.bulk-bar')
  bar.classList.add('floating')
  const whom = form.elements.namedItem('whom')
  if (whom) whom.closest('.field').hidden = true
  bar
    .querySelector('.bulk-count')
    .append(
      make('span', {}),
      makeButton('page', `Select all ${boxesOf(form).length} on this page`),
      makeButton('matching', `Select ${bar.dataset.matching}`),
      makeButton('none', 'Clear'),
    )
}

function makeButton(select, textContent) {
  const button = make('button', { type: 'button', className: 'button quiet small', textContent })
  button.dataset.select = select
  return button
}

function show(form) {
  const boxes = boxesOf(form)
  const checked = boxes.filter((box) => box.checked)
  selected.clear()
  for (const box of checked) selected.add(box.value)
  const isWhole = checked.length === boxes.length
  const page = form.querySelector('[data-select-page]')
  page.checked = isWhole
  page.indeterminate = checked.length > 0 && !isWhole
  const bar = form.querySelector('.bulk-bar')
  bar.hidden = checked.length === 0
  bar.querySelector('.bulk-count span').textContent = textOf(form, checked.length)
  bar.querySelector('[data-select="page"]').hidden = isWhole
  bar.querySelector('[data-select="matching"]').hidden =
    bar.dataset.matching === '' || !isWhole || isAll(form)
}

function textOf(form, number) {
  if (isAll(form)) return `Selected: ${form.querySelector('.bulk-bar').dataset.matching}`
  return `Selected: ${number}`
}

// Announced once it changes.
function say(form) {
  const number = boxesOf(form).filter((box) => box.checked).length
  form.querySelector('[data-selected]').textContent =
    number === 0 ? 'No one is selected.' : `${textOf(form, number)}. What to do is below the list.`
}

function isAll(form) {
  return form.elements.namedItem('whom')?.value === 'matching'
}

function chooseWhom(form, value) {
  const whom = form.elements.namedItem('whom')
  if (whom) whom.value = value
}

function boxesOf(form) {
  return [...form.querySelectorAll('[name="userId"]')]
}

function make(name, properties) {
  return Object.assign(document.createElement(name), properties)
}
