// The account page in a real browser, with JavaScript and without: password, sessions, change of device.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { Browser, BrowserContext } from 'playwright-core'
import { startApp, type TestApp } from '../support/app.ts'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { inspect } from './inspect.ts'
import { Phone } from './phone.ts'
import { Visitor } from './visitor.ts'

const NEW_PASSWORD = 'seven green lanterns in fog'

let browser: Browser
before(async () => {
  browser = await sharedBrowser()
})
after(() => closeWindows(browser))

for (const javaScriptEnabled of [true, false])
  describe(`in a browser with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    let app: TestApp
    before(async () => {
      app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
    })
    after(() => app.close())
    afterEach(() => closeWindows(browser))

    /** A visitor in a new browser. */
    async function visitor(): Promise<Visitor> {
      const context = await browser.newContext({ javaScriptEnabled, reducedMotion: 'reduce' })
      context.setDefaultTimeout(10_000)
      return new Visitor(await context.newPage(), app)
    }

    async function signedIn(email: string): Promise<Visitor> {
      const person = await visitor()
      await person.signInWithPassword(email)
      return person
    }

    test('the user menu leads to the account page, where the password is changed', async () => {
      const email = 'finance@harbour.example'
      const fiona = await signedIn(email)
      const elsewhere = await signedIn(email)
      await fiona.page.locator('.menu summary').click()
      await fiona.page.getByRole('link', { name: 'Your account' }).click()
      await fiona.arrivesAt('/account')
      await fiona.heading('Your account')

      await fiona.field('Current password').fill('not my password')
      await fiona.field('New password').fill(NEW_PASSWORD)
      await fiona.press('Change the password')
      await fiona.seesProblem('Current password', /not your current password/)
      assert.equal(await fiona.field('New password').inputValue(), '')
      await fiona.field('Current password').fill(DEMO_PASSWORD)
      await fiona.field('New password').fill('passwordpassword')
      await fiona.press('Change the password')
      await fiona.seesProblem('New password', /Choose another/)
      await fiona.field('Current password').fill(DEMO_PASSWORD)
      await fiona.field('New password').fill(NEW_PASSWORD)
      await fiona.press('Change the password')

      await fiona.page.getByText('Your password is changed. You are signed out everywhere else.').waitFor()
      await fiona.arrivesAt('/account')
      await elsewhere.page.reload()
      await elsewhere.heading('Sign in')
      await elsewhere.enterPassword(email, NEW_PASSWORD)
      await elsewhere.arrivesAt('/')
    })

    test('the account page ends another session, then all others, then the current one', async () => {
      const email = 'support@harbour.example'
      const samir = await signedIn(email)
      const others = [await signedIn(email), await signedIn(email), await signedIn(email)]
      await samir.visit('/account')
      const rows = samir.page.locator('[data-session]')
      assert.equal(await rows.count(), 4)
      assert.equal(await samir.page.locator('[data-session=this]').count(), 1)

      await samir.page.locator('[data-session=other] button').first().click()
      await samir.page.getByText('That session has ended.').waitFor()
      assert.equal(await rows.count(), 3)
      await samir.press('End all others')
      await samir.page.getByText('You are signed out everywhere else.').waitFor()
      assert.equal(await rows.count(), 1)
      for (const other of others) {
        await other.page.reload()
        await other.heading('Sign in')
      }

      await samir.page.locator('[data-session=this] button').click()
      await samir.arrivesAt('/sign-in')
      await samir.page.getByText('You are signed out.').waitFor()
    })

    test('the account page ends a known browser, then all of them', async () => {
      const email = 'tech@meridian.example'
      const tom = await signedIn(email)
      await signedIn(email)
      await tom.visit('/account')
      const rows = tom.page.locator('[data-browser]')
      assert.equal(await rows.count(), 2)

      await tom.page.locator('[data-browser=other] button').click()
      await tom.page.getByText('That browser is no longer known.').waitFor()
      assert.equal(await rows.count(), 1)
      await tom.press('End all known browsers')
      await tom.page.locator('#known-browsers').getByText('None.').waitFor()

      assert.equal(await rows.count(), 0)
      assert.equal(await tom.page.locator('[data-session]').count(), 2, 'no session ends with them')
    })

    test('a new phone replaces the old one with password and old code, scan, new code and next code', async () => {
      const theo = await visitor()
      await theo.enrolAndSignIn('tech@harbour.example', '/account')
      await theo.page.getByRole('link', { name: 'Change to another device' }).click()
      await theo.arrivesAt('/account/authenticator')

      await theo.field('Password').fill(DEMO_PASSWORD)
      await theo.enterCode(theo.phone.wrongCode(), 'Code from your old device')
      await theo.seesProblem('Password', /The password or the code is not right/)
      await theo.field('Password').fill(DEMO_PASSWORD)
      await theo.enterCode(theo.phone.nextCode(), 'Code from your old device')
      await theo.heading('Scan with your new device')
      const newPhone = new Phone(app.clock)
      const link = await newPhone.scan(theo.page.locator('.qr'))
      assert.equal(link, await theo.page.getByText('Open in authenticator app').getAttribute('href'))
      const key = ((await theo.page.locator('#manual-key').textContent()) ?? '').replaceAll(' ', '')
      assert.equal(new URL(link).searchParams.get('secret'), key)
      await theo.enterCode(theo.phone.code())
      await theo.seesProblem('Code', /not right/)
      await theo.enterCode(newPhone.code())

      await theo.arrivesAt('/mfa/verify')
      await theo.heading('Now sign in with it')
      await theo.enterCode(theo.phone.nextCode())
      await theo.seesProblem('Code', /not right/)
      await theo.enterCode(newPhone.code())
      await theo.arrivesAt('/account')
      await theo.heading('Your account')
    })

    test('starting over shows a new key, and cancelling keeps the old device', async () => {
      const rosa = await visitor()
      await rosa.enrolAndSignIn('admin@retail.harbour.example', '/account/authenticator')
      await rosa.field('Password').fill(DEMO_PASSWORD)
      await rosa.enterCode(rosa.phone.nextCode(), 'Code from your old device')
      await rosa.heading('Scan with your new device')
      const newPhone = new Phone(app.clock)
      const first = await newPhone.scan(rosa.page.locator('.qr'))

      await rosa.press('Start over with a new key')
      await rosa.page
        .locator('a[href^="otpauth:"]')
        .and(rosa.page.locator(`:not([href="${first}"])`))
        .waitFor()
      await rosa.press('Keep the old device')

      await rosa.arrivesAt('/account')
      await rosa.page.getByText('Nothing was changed.').waitFor()
      await rosa.signOut()
      await rosa.enterPassword('admin@retail.harbour.example')
      await rosa.arrivesAt('/mfa/verify')
      await rosa.enterCode(rosa.phone.nextCode())
      await rosa.arrivesAt('/')
    })

    test('the account page can be used with the keyboard alone', async () => {
      const ravi = await visitor()
      await ravi.enrolAndSignIn('tech@retail.harbour.example')
      const { keyboard } = ravi.page
      await ravi.tabTo('.menu summary')
      await keyboard.press('Enter')
      await ravi.tabTo('.menu a[href="/account"]')
      await keyboard.press('Enter')
      await ravi.arrivesAt('/account')

      await ravi.tabTo('#currentPassword')
      await keyboard.type(DEMO_PASSWORD)
      await ravi.tabTo('#password')
      await keyboard.type(NEW_PASSWORD)
      await keyboard.press('Enter')
      await ravi.page.getByText('Your password is changed.').waitFor()

      await ravi.arrivesAt('/account')
      await ravi.tabTo('a[href="/account/authenticator"]')
      await keyboard.press('Enter')
      await ravi.arrivesAt('/account/authenticator')
      await ravi.page.locator('#password:focus').waitFor()
      await keyboard.type(NEW_PASSWORD)
      await ravi.tabTo('#code')
      await keyboard.type(ravi.phone.nextCode())
      await keyboard.press('Enter')
      await ravi.heading('Scan with your new device')
      await ravi.typeKey()
      await ravi.tabTo('#code')
      await keyboard.type(ravi.phone.code())
      await keyboard.press('Enter')
      await ravi.arrivesAt('/mfa/verify')
      await ravi.page.locator('#code:focus').waitFor()
      await keyboard.type(ravi.phone.nextCode())
      await keyboard.press('Enter')
      await ravi.arrivesAt('/account')
    })
  })

describe('pages of one’s own account that are accessible and fit 320 pixels', () => {
  let app: TestApp
  let context: BrowserContext
  let complaints: string[]
  before(async () => {
    app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
    context = await browser.newContext({ reducedMotion: 'reduce' })
    context.setDefaultTimeout(10_000)
    complaints = Visitor.complaintsIn(context)
  })
  after(async () => {
    await context.close()
    await app.close()
  })

  test('the account page without an authenticator is accessible and fits 320 pixels', async () => {
    const fiona = new Visitor(await context.newPage(), app)
    await fiona.signInWithPassword('finance@harbour.example', '/account')
    await inspect(fiona.page, 'account-not-enrolled')
    await fiona.press('Change the password')
    await fiona.field('Current password').fill('not my password')
    await fiona.field('New password').fill(NEW_PASSWORD)
    await fiona.press('Change the password')
    await fiona.seesProblem('Current password', /not your current password/)
    await inspect(fiona.page, 'account-wrong-password')
    await fiona.visit('/account/authenticator')
    await inspect(fiona.page, 'account-set-up')
    await context.clearCookies()
    assert.deepEqual(complaints, [], 'what the browser complained about')
  })

  test('the known browsers of the account page, some and none, are accessible and fit 320 pixels', async () => {
    const email = 'tech@meridian.example'
    await app.browser().signInWithPassword(email)
    const tom = new Visitor(await context.newPage(), app)
    await tom.signInWithPassword(email, '/account')
    assert.equal(await tom.page.locator('[data-browser]').count(), 2)
    await inspect(tom.page, 'account-known-browsers')
    await tom.press('End all known browsers')
    await tom.page.locator('#known-browsers').getByText('None.').waitFor()
    await inspect(tom.page, 'account-known-browsers-none')
    await context.clearCookies()
    assert.deepEqual(complaints, [], 'what the browser complained about')
  })

  test('the account page with an authenticator and the change of device are accessible and fit 320 pixels', async () => {
    const other = await browser.newContext({ reducedMotion: 'reduce' })
    const elsewhere = new Visitor(await other.newPage(), app)
    await elsewhere.enrolAndSignIn('tech@harbour.example')
    const theo = new Visitor(await context.newPage(), app)
    await theo.visit('/sign-in')
    await theo.enterPassword('tech@harbour.example')
    await theo.arrivesAt('/mfa/verify')
    await theo.enterCode(elsewhere.phone.nextCode())
    await theo.arrivesAt('/')
    await theo.visit('/account')
    await inspect(theo.page, 'account')
    await theo.visit('/account/authenticator')
    await inspect(theo.page, 'change-of-device')
    await theo.field('Password').fill(DEMO_PASSWORD)
    await theo.enterCode(elsewhere.phone.wrongCode(), 'Code from your old device')
    await theo.seesProblem('Password', /not right/)
    await inspect(theo.page, 'change-of-device-wrong')
    await theo.field('Password').fill(DEMO_PASSWORD)
    await theo.enterCode(elsewhere.phone.nextCode(), 'Code from your old device')
    await theo.heading('Scan with your new device')
    await inspect(theo.page, 'change-of-device-scan')
    await theo.typeKey()
    await theo.enterCode(theo.phone.wrongCode())
    await theo.seesProblem('Code', /not right/)
    await inspect(theo.page, 'change-of-device-wrong-code')
    await theo.visit('/account/authenticator')
    for (let i = 0; i < 3; i += 1) {
      await theo.page.locator('#code:invalid').waitFor()
      await theo.enterCode(theo.phone.wrongCode())
    }
    await theo.heading('Locked for now')
    await inspect(theo.page, 'change-of-device-locked')
    await other.close()
    assert.deepEqual(complaints, [], 'what the browser complained about')
  })
})
