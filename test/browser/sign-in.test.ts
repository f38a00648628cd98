// The specification's three flows and what may go wrong in them, clicked through with JavaScript and without.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import type { Browser } from 'playwright-core'
import { users } from '../../src/platform/db/schema/users.ts'
import { MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { People } from '../support/people.ts'
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

    async function statusOf(email: string) {
      const [user] = await app.deps.db.select().from(users).where(eq(users.email, email))
      return user?.status
    }

    test('a user who has not yet enrolled is intercepted, sets up MFA, authenticates and proceeds to the Dashboard', async () => {
      const theo = await visitor()
      await theo.visit('/')
      await theo.arrivesAt('/sign-in')

      await theo.enterPassword('tech@harbour.example')
      await theo.arrivesAt('/mfa/enrol')
      const link = await theo.phone.scan(theo.page.locator('.qr'))
      assert.equal(link, await theo.page.getByText('Open in authenticator app').getAttribute('href'))
      const key = ((await theo.page.locator('#manual-key').textContent()) ?? '').replaceAll(' ', '')
      assert.equal(new URL(link).searchParams.get('secret'), key, 'the typed key is the scanned one')
      await theo.enterCode(theo.phone.wrongCode())
      await theo.seesProblem('Code', /not right/)
      await theo.enterCode(theo.phone.code())

      await theo.arrivesAt('/mfa/verify')
      await theo.page.getByText('Your authenticator is set up.').waitFor()
      await theo.enterCode(theo.phone.code())
      await theo.seesProblem('Code', /already been used/)
      await theo.enterCode(theo.phone.nextCode())

      await theo.arrivesAt('/')
      await theo.heading('Hello, Theo Marchetti')
      await theo.page.getByRole('main').getByText('Your authenticator is active').waitFor()
    })

    test('a new user is prompted to set up MFA during onboarding and is active only after passing MFA', async () => {
      const email = 'new.tech@harbour.example'
      const nina = await visitor()
      const link = await new People(app).invitationLink(email)
      await nina.visit(link)
      await nina.heading('Welcome, Nina Kowalska')

      await nina.field('New password').fill('too short')
      await nina.press('Continue')
      await nina.page.locator('#password:focus:invalid').waitFor()
      assert.equal(await nina.field('New password').inputValue(), 'too short', 'nothing typed is lost')
      await nina.field('New password').fill('passwordpassword')
      await nina.press('Continue')
      await nina.seesProblem('New password', /Choose another/)
      assert.equal(await nina.field('You sign in as').inputValue(), email)
      await nina.field('New password').fill(NEW_PASSWORD)
      await nina.press('Continue')

      await nina.enrol()
      assert.equal(await statusOf(email), 'invited')
      await nina.enterCode(nina.phone.nextCode())

      await nina.arrivesAt('/')
      await nina.heading('Hello, Nina Kowalska')
      assert.equal(await statusOf(email), 'active')
      const later = await visitor()
      await later.visit(link)
      await later.heading('This link no longer works')
    })

    test('an enrolled user is presented with the MFA prompt and must enter their TOTP code', async () => {
      const rosa = await visitor()
      await rosa.enrolAndSignIn('admin@retail.harbour.example')
      await rosa.signOut()
      await rosa.page.getByText('You are signed out.').waitFor()
      const described = await rosa.field('E-mail address').getAttribute('aria-describedby')
      assert.equal(described, 'done', 'heard with the field, which has the focus')

      await rosa.enterPassword('admin@retail.harbour.example')
      await rosa.arrivesAt('/mfa/verify')
      await rosa.enterCode(rosa.phone.wrongCode())
      await rosa.seesProblem('Code', /not right/)
      assert.equal(await rosa.field('Code').inputValue(), '')
      await rosa.visit('/')
      await rosa.arrivesAt('/mfa/verify')
      const code = rosa.phone.nextCode()
      await rosa.enterCode(` ${code.slice(0, 3)}\u00a0${code.slice(3)}`)

      await rosa.arrivesAt('/')
      await rosa.heading('Hello, Rosa Delgado')
    })

    test('five wrong codes lock, and after the lock the user gets in without help', async () => {
      const ravi = await visitor()
      await ravi.enrolAndSignIn('tech@retail.harbour.example')
      await ravi.signOut()
      await ravi.enterPassword('tech@retail.harbour.example')
      await ravi.arrivesAt('/mfa/verify')

      for (let i = 0; i < 5; i += 1) {
        await ravi.page.locator('#code:invalid').waitFor()
        await ravi.enterCode(ravi.phone.wrongCode())
      }

      await ravi.page.locator('[role=alert]:focus', { hasText: 'Locked for now' }).waitFor()
      assert.match(await ravi.page.title(), /^Locked for now/)
      await ravi.page.getByRole('link', { name: 'Back to sign in' }).click()
      await ravi.arrivesAt('/sign-in')
      app.clock.advance(SECOND)
      await ravi.enterPassword('tech@retail.harbour.example')
      await ravi.heading('Locked for now')
      const links = await ravi.page.locator('#main a').allTextContents()
      assert.deepEqual(links, ['Try again'], 'no other link, which the gate would turn back')
      await ravi.page.getByRole('link', { name: 'Try again' }).click()
      await ravi.heading('Locked for now')
      await ravi.press('Sign out')
      await ravi.arrivesAt('/sign-in')
      app.clock.advance(15 * MINUTE)
      await ravi.enterPassword('tech@retail.harbour.example')
      await ravi.arrivesAt('/mfa/verify')
      await ravi.enterCode(ravi.phone.code())
      await ravi.arrivesAt('/')
    })

    test('five wrong passwords lock, and a new password by mail still does not get around MFA', async () => {
      const email = 'tech@online.harbour.example'
      const mei = await visitor()
      await mei.enrolAndSignIn(email)
      await mei.signOut()

      for (let i = 0; i < 5; i += 1) {
        await mei.page.locator('#password:invalid').waitFor()
        await mei.enterPassword(email, 'not my password at all')
        if (i === 0) await mei.seesProblem('E-mail address', /is wrong/)
        if (i === 0) assert.equal(await mei.field('E-mail address').inputValue(), email)
      }
      await mei.heading('Locked for now')
      await mei.page.getByRole('link', { name: 'choose a new password' }).click()
      await mei.arrivesAt('/forgot-password')
      await mei.field('E-mail address').fill(email)
      await mei.press('Mail me a link')
      await mei.heading('Check your e-mail')
      await mei.visit(await new People(app).passwordResetLink(email))
      await mei.field('New password').fill(NEW_PASSWORD)
      await mei.press('Save the new password')

      await mei.arrivesAt('/sign-in')
      await mei.page.getByText('Your password is changed.').waitFor()
      app.clock.advance(15 * MINUTE)
      await mei.enterPassword(email, NEW_PASSWORD)
      await mei.arrivesAt('/mfa/verify')
      await mei.visit('/')
      await mei.arrivesAt('/mfa/verify')
      await mei.enterCode(mei.phone.code())
      await mei.arrivesAt('/')
    })

    test('starting over shows a new key, and the code of the old one is refused', async () => {
      const lucas = await visitor()
      await lucas.visit('/sign-in')
      await lucas.enterPassword('admin2@harbour.example')
      await lucas.arrivesAt('/mfa/enrol')
      const first = await lucas.phone.scan(lucas.page.locator('.qr'))

      await lucas.press('Start over with a new key')
      await lucas.page
        .locator('a[href^="otpauth:"]')
        .and(lucas.page.locator(`:not([href="${first}"])`))
        .waitFor()

      await lucas.enterCode(lucas.phone.code())
      await lucas.seesProblem('Code', /not right/)
      assert.notEqual(await lucas.phone.scan(lucas.page.locator('.qr')), first)
      await lucas.enterCode(lucas.phone.code())
      await lucas.arrivesAt('/mfa/verify')
    })

    test('signing out leads to the sign-in page from every stage, and the way back stays closed', async () => {
      const amara = await visitor()
      await amara.visit('/sign-in')
      await amara.enterPassword('admin@harbour.example')
      await amara.arrivesAt('/mfa/enrol')
      await amara.press('Sign out')
      await amara.arrivesAt('/sign-in')

      await amara.enterPassword('admin@harbour.example')
      await amara.enrol()
      await amara.press('Sign out')
      await amara.arrivesAt('/sign-in')

      await amara.enterPassword('admin@harbour.example')
      await amara.arrivesAt('/mfa/verify')
      await amara.enterCode(amara.phone.nextCode())
      await amara.arrivesAt('/')
      await amara.heading('Hello, Amara Okafor')
      await amara.signOut()
      await amara.page.goBack()
      await amara.heading('Sign in')
      assert.doesNotMatch(await amara.page.content(), /Amara|Harbour/)
    })

    test('the requested page opens at the end of all stages', async () => {
      const wanted = '/users?mfa=required-missing&q=a%20b'
      const daniel = await visitor()
      await daniel.visit(wanted)
      await daniel.heading('Sign in')

      await daniel.enterPassword('desk@platform.example', 'not my password at all')
      await daniel.seesProblem('Password', /is wrong/)
      await daniel.enterPassword('desk@platform.example')
      await daniel.enrol()
      await daniel.enterCode(daniel.phone.nextCode())

      await daniel.arrivesAt(wanted)
    })

    test('a second tab is held at the same stage and shows the same key', async () => {
      const deepa = await visitor()
      await deepa.visit('/sign-in')
      await deepa.enterPassword('desk2@platform.example')
      await deepa.arrivesAt('/mfa/enrol')
      await deepa.typeKey()
      const tab = new Visitor(await deepa.page.context().newPage(), app)

      await tab.visit('/users')
      await tab.arrivesAt('/mfa/enrol')
      await tab.typeKey()
      assert.equal(tab.phone.code(), deepa.phone.code())
      await tab.enterCode(tab.phone.code())
      await tab.arrivesAt('/mfa/verify')

      await deepa.enterCode(deepa.phone.nextCode())
      await deepa.arrivesAt('/mfa/verify')
      await deepa.enterCode(deepa.phone.nextCode())
      await deepa.arrivesAt('/')
      await tab.page.reload()
      await tab.arrivesAt('/')
    })

    test('everyone can sign in and out with the keyboard alone', async () => {
      const oksana = await visitor()
      const { keyboard } = oksana.page
      await oksana.visit('/')

      await oksana.page.locator('#email:focus').waitFor()
      await keyboard.type('operator@platform.example')
      await keyboard.press('Tab')
      await keyboard.type('demo-password-please-change')
      await keyboard.press('Enter')
      await oksana.arrivesAt('/mfa/enrol')
      await oksana.typeKey()
      await oksana.tabTo('#code')
      await keyboard.type(oksana.phone.code())
      await keyboard.press('Enter')
      await oksana.arrivesAt('/mfa/verify')
      await oksana.page.locator('#code:focus').waitFor()
      await keyboard.type(oksana.phone.nextCode())
      await keyboard.press('Enter')
      await oksana.arrivesAt('/ops')
      await oksana.tabTo('.menu summary')
      await keyboard.press('Enter')
      await oksana.tabTo('.menu .button')
      await keyboard.press('Enter')

      await oksana.arrivesAt('/sign-in')
      await oksana.page.getByText('You are signed out.').waitFor()
    })
  })
