// The pages on which people set up an authenticator and type codes, as they stand on the screen.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { Browser, Locator, Page } from 'playwright-core'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { ADMIN, ADMIN2, CHILD_ADMIN, CHILD_TECH, DESK, OPERATOR, TECH } from '../support/cast.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { Visitor } from './visitor.ts'

const DESKTOPS = [
  { width: 1280, height: 720 },
  { width: 1366, height: 768 },
]
const PHONE = { width: 360, height: 664 }

let app: TestApp
let browser: Browser
before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  browser = await sharedBrowser()
})
after(async () => {
  await closeWindows(browser)
  await app.close()
})
afterEach(() => closeWindows(browser))

async function visitor(options: Parameters<Browser['newContext']>[0] = {}): Promise<Visitor> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  context.setDefaultTimeout(10_000)
  return new Visitor(await context.newPage(), app)
}

async function atEnrolment(email: string, options: Parameters<Browser['newContext']>[0]): Promise<Visitor> {
  const user = await visitor(options)
  await user.visit('/sign-in')
  await user.enterPassword(email)
  await user.arrivesAt('/mfa/enrol')
  return user
}

async function assertOnScreen(page: Page, ...parts: Locator[]): Promise<void> {
  const window = page.viewportSize()
  assert.ok(window)
  const scrolled = Number(await page.evaluate('scrollY'))
  for (const part of parts) {
    const box = await part.boundingBox()
    const fits = box && box.y >= 0 && box.x >= 0 && box.y + box.height <= window.height
    assert.ok(
      fits && box.x + box.width <= window.width,
      `${part} in ${JSON.stringify({ box, window, scrolled })}`,
    )
  }
}

/** Counts the codes that a page sends from now on. */
function codesSent(page: Page): () => number {
  let sent = 0
  page.on('request', (request) => {
    if (request.method() === 'POST' && /code=|presence=/.test(request.postData() ?? '')) sent += 1
  })
  return () => sent
}

for (const javaScriptEnabled of [true, false])
  describe(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    for (const viewport of DESKTOPS)
      test(`enrolment shows QR code, key and code field together on ${viewport.width} × ${viewport.height}`, async () => {
        const theo = await atEnrolment(TECH, { viewport, javaScriptEnabled })
        const { page } = theo
        const parts = [page.locator('.qr'), page.locator('#manual-key'), theo.field('Code')]

        await page.locator('#code:focus').waitFor()
        await assertOnScreen(page, ...parts, page.getByRole('button', { name: 'Confirm the code' }))
        assert.equal(await page.evaluate('scrollY'), 0)

        await theo.typeKey()
        await theo.enterCode(theo.phone.wrongCode())
        await theo.seesProblem('Code', /not right/)
        await assertOnScreen(page, ...parts, page.locator('#code-problem'))
        await theo.press('Start over with a new key')
        await page.getByText('Here is a new key.').waitFor()
        await page.locator('#code:focus').waitFor()
        await assertOnScreen(page, ...parts)
        assert.match(String(await theo.field('Code').getAttribute('aria-describedby')), /^done /)
      })

    test('on a phone the link to the app is the button, and the QR code is folded away', async () => {
      const theo = await atEnrolment(TECH, {
        viewport: PHONE,
        javaScriptEnabled,
        hasTouch: true,
        isMobile: true,
      })
      const { page } = theo
      const link = page.getByRole('link', { name: 'Open in authenticator app' })

      await assertOnScreen(page, link, theo.field('Code'))
      assert.match(String(await link.getAttribute('href')), /^otpauth:/)
      const look = (selector: string) =>
        page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}')).backgroundColor`)
      assert.equal(await look('.open-app a'), await look('[type=submit].button'), 'it looks like a button')
      assert.equal(await page.locator('.qr').isVisible(), false)
      assert.equal(await page.locator('#manual-key').isVisible(), false)

      await page.getByText('Scan a QR code or type a key instead').click()
      await theo.phone.scan(page.locator('.qr'))
      assert.equal(await page.locator('#manual-key').isVisible(), true)
    })

    test('after a wrong code the field has the focus, in every form that asks for a code', async () => {
      const admin = javaScriptEnabled ? CHILD_ADMIN : ADMIN
      const rosa = await atEnrolment(admin, { viewport: PHONE, javaScriptEnabled })
      await rosa.typeKey()
      await rosa.enterCode(rosa.phone.wrongCode())
      await rosa.seesProblem('Code', /not right/)
      await rosa.page.keyboard.type('12')
      assert.equal(await rosa.field('Code').inputValue(), '12', 'what is typed next goes into the field')
      await assertOnScreen(rosa.page, rosa.field('Code'))
      await rosa.enterCode(rosa.phone.code())
      await rosa.arrivesAt('/mfa/verify')

      await rosa.enterCode(rosa.phone.wrongCode())
      await rosa.seesProblem('Code', /not right/)
      await rosa.enterCode(rosa.phone.nextCode())
      await rosa.arrivesAt('/')

      await rosa.visit('/account/authenticator')
      await rosa.field('Password').fill(DEMO_PASSWORD)
      await rosa.enterCode(rosa.phone.wrongCode(), 'Code from your old device')
      await rosa.page.locator('#problem', { hasText: 'The password or the code' }).waitFor()
      await rosa.page.locator('#password[aria-invalid][aria-describedby="problem"]:focus').waitFor()
      await rosa.field('Password').fill(DEMO_PASSWORD)
      await rosa.enterCode(rosa.phone.nextCode(), 'Code from your old device')
      await rosa.page.locator('.open-app').waitFor()
      await rosa.enterCode('000 000')
      await rosa.seesProblem('Code', /not right/)

      app.clock.advance(11 * MINUTE)
      await rosa.visit('/users/new')
      await rosa.field('Name').fill('New Person')
      await rosa.field('E-mail address').fill('new.person@harbour.example')
      await rosa.page.getByLabel('Tech Operator').check()
      await rosa.press('Send the invitation')
      const field = 'Code from your authenticator app'
      await rosa.enterCode(rosa.phone.wrongCode(), field)
      await rosa.seesProblem(field, /not right/)
    })
  })

test('the sixth digit sends the code once, and a screen reader is told', async () => {
  const ravi = await atEnrolment(CHILD_TECH, {})
  await ravi.typeKey()
  const sent = codesSent(ravi.page)
  const hint = await ravi.page.locator('#code-hint').textContent()
  assert.match(String(hint), /Sent as soon as the sixth is in/)

  const right = ravi.phone.code()
  await ravi.field('Code').pressSequentially(right.slice(0, 5))
  assert.equal(sent(), 0)
  let answer = () => {}
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  await ravi.page.route('**/mfa/enrol', async (route) => {
    await held
    await route.continue()
  })
  await ravi.field('Code').pressSequentially(right.slice(5))
  await ravi.page.locator('#busy[role=status]', { hasText: 'Checking the code…' }).waitFor()
  await ravi.page.keyboard.press('Enter')
  await ravi.page.keyboard.press('Backspace')
  await ravi.page.keyboard.type(right.slice(5))
  answer()

  await ravi.arrivesAt('/mfa/verify')
  assert.equal(sent(), 1)
})

test('a pasted code with spaces is sent, and correcting a digit sends nothing', async () => {
  const daniel = await atEnrolment(DESK, {})
  await daniel.typeKey()
  const sent = codesSent(daniel.page)
  const code = daniel.phone.code()

  await daniel.field('Code').fill('1234567')
  await daniel.page.keyboard.press('End')
  await daniel.page.keyboard.press('Backspace')
  assert.equal(await daniel.field('Code').inputValue(), '123456')
  assert.equal(sent(), 0)

  await daniel.field('Code').fill(` ${code.slice(0, 3)} ${code.slice(3)}`)
  await daniel.arrivesAt('/mfa/verify')
  assert.equal(sent(), 1)
})

test('a code whose answer never came can be sent again', async () => {
  const lucas = await atEnrolment(ADMIN2, {})
  await lucas.typeKey()
  await lucas.page.route('**/mfa/enrol', (route) => route.abort())
  await lucas.field('Code').fill(lucas.phone.code())
  await lucas.page.getByText('The server did not answer.').waitFor()
  await lucas.page.unroute('**/mfa/enrol')

  await lucas.press('Confirm the code')

  await lucas.arrivesAt('/mfa/verify')
})

test('without JavaScript six digits alone send nothing', async () => {
  const oksana = await atEnrolment(OPERATOR, { javaScriptEnabled: false })
  await oksana.typeKey()
  const sent = codesSent(oksana.page)
  const hint = await oksana.page.locator('#code-hint').textContent()
  assert.doesNotMatch(String(hint), /Sent/)

  await oksana.field('Code').fill(oksana.phone.code())
  assert.equal(sent(), 0)
  await oksana.press('Confirm the code')

  await oksana.arrivesAt('/mfa/verify')
  assert.equal(sent(), 1)
})
