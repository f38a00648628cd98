// Running client accounts, clicked through with JavaScript and without.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import type { Browser } from 'playwright-core'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { People } from '../support/people.ts'
import { inspect } from './inspect.ts'
import { Visitor } from './visitor.ts'

let browser: Browser
before(async () => {
  browser = await sharedBrowser()
})
after(() => closeWindows(browser))

for (const javaScriptEnabled of [true, false])
  describe(`running an account in a browser with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    let app: TestApp
    const complaints: string[][] = []
    before(async () => {
      app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
    })
    after(async () => {
      await app.close()
      assert.deepEqual(complaints.flat(), [], 'what the browser complained about')
    })

    afterEach(() => closeWindows(browser))

    async function visitor(): Promise<Visitor> {
      const context = await browser.newContext({ javaScriptEnabled, reducedMotion: 'reduce' })
      context.setDefaultTimeout(10_000)
      complaints.push(Visitor.complaintsIn(context))
      return new Visitor(await context.newPage(), app)
    }

    async function signedIn(email: string): Promise<Visitor> {
      const person = await visitor()
      await person.enrolAndSignIn(email)
      return person
    }

    async function look(person: Visitor, name: string): Promise<void> {
      if (javaScriptEnabled) await inspect(person.page, name)
    }

    const nameOf = (person: Visitor) => person.page.getByRole('main')

    test('an Admin tightens the policy, and a colleague’s open session is held at the next click', async () => {
      const fiona = await visitor()
      await fiona.signInWithPassword('finance@harbour.example')
      const amara = await signedIn('admin@harbour.example')

      await amara.page.getByRole('link', { name: 'MFA policy', exact: true }).click()
      await amara.heading('MFA policy')
      assert.equal(await amara.page.getByLabel('Require MFA of Tech Operator').isDisabled(), true)
      await amara.page.getByLabel('Require MFA of Finance Manager').check()
      if (javaScriptEnabled) {
        await nameOf(amara).getByText('1 person, 1 not enrolled').waitFor()
        assert.match(await amara.page.title(), /^MFA policy of/)
        await look(amara, 'mfa-policy-affected')
      }
      await amara.press('Review the change')
      await amara.heading('Review the MFA policy')
      await nameOf(amara).getByText('1 person, 1 not enrolled: they will be asked to enrol').waitFor()
      await look(amara, 'mfa-policy-review')
      await amara.press('Save the policy')
      await amara.arrivesAt('/mfa-policy')
      assert.equal(await amara.page.getByLabel('Require MFA of Finance Manager').isChecked(), true)

      await fiona.page.getByRole('link', { name: 'Home', exact: true }).click()
      await fiona.arrivesAt('/mfa/enrol')
      await fiona.typeKey()
      await fiona.enterCode(fiona.phone.code())
      await fiona.arrivesAt('/mfa/verify')
      await fiona.enterCode(fiona.phone.nextCode())
      await fiona.arrivesAt('/')
    })

    test('an Admin requires MFA from a time on, the person concerned is told on every page, and the start moves forward', async () => {
      const samir = await visitor()
      await samir.signInWithPassword('support@harbour.example')
      const lucas = await signedIn('admin2@harbour.example')
      await lucas.visit('/mfa-policy')
      await lucas.page.getByLabel('Require MFA of Customer Service Operator').check()
      await lucas.field('Start').fill('2026-02-01T09:00')
      if (javaScriptEnabled) await nameOf(lucas).getByText('This time has passed').waitFor()
      await lucas.press('Review the change')
      await lucas.seesProblem('Start', /This time has passed/)
      assert.equal(
        await lucas.page.getByLabel('Require MFA of Customer Service Operator').isChecked(),
        true,
        'nothing is lost',
      )
      await look(lucas, 'mfa-policy-start-problem')
      await lucas.field('Start').fill('2026-04-01T09:00')
      await lucas.press('Review the change')
      await lucas.heading('Review the MFA policy')
      await nameOf(lucas).getByText('Until 1 Apr 2026, 09:00 UTC they sign in as before').waitFor()
      await look(lucas, 'mfa-policy-review-start')
      await lucas.press('Save the policy')
      await lucas.arrivesAt('/mfa-policy')
      await look(lucas, 'mfa-policy-planned')

      await samir.page.reload()
      await nameOf(samir).getByText('Harbour Group requires MFA for Customer Service Operator').waitFor()
      await look(samir, 'mfa-ahead')
      await samir.page.getByRole('link', { name: 'Set it up now' }).click()
      await samir.arrivesAt('/account/authenticator')

      await lucas.page.getByLabel('Change the start of Customer Service Operator').check()
      await lucas.press('Review the change')
      await nameOf(lucas).getByText('they will be asked to enrol at their next request').waitFor()
      await lucas.press('Save the policy')
      await lucas.arrivesAt('/mfa-policy')
      await samir.page.getByRole('link', { name: 'Home', exact: true }).click()
      await samir.arrivesAt('/mfa/enrol')
    })

    test('a policy is tightened with the keyboard alone', async () => {
      const oliver = await visitor()
      await oliver.signInWithPassword('admin@online.harbour.example')
      await oliver.tabTo('a[href="/mfa-policy"]')
      await oliver.page.keyboard.press('Enter')
      await oliver.heading('MFA policy')
      await oliver.tabTo('[value="finance-operator"]')
      await oliver.page.keyboard.press('Space')
      await oliver.tabTo('main [type=submit]')
      await oliver.page.keyboard.press('Enter')
      await oliver.heading('Review the MFA policy')
      await oliver.tabTo('main [type=submit]')
      await oliver.page.keyboard.press('Enter')
      await oliver.arrivesAt('/mfa-policy')
      assert.equal(await oliver.page.getByLabel('Require MFA of Finance Operator').isChecked(), true)
    })

    test('the Service Desk creates an account, and its first Admin activates it', async () => {
      const daniel = await signedIn('desk@platform.example')
      await daniel.page.getByRole('link', { name: 'Accounts' }).click()
      await daniel.page.getByRole('link', { name: 'Meridian Foods', exact: true }).click()
      await daniel.page.getByRole('link', { name: 'New account below it' }).click()
      await daniel.heading('New client account')
      await look(daniel, 'new-account')
      await daniel.field('Name of the account').fill('Meridian Bakeries')
      await daniel.field('Name of the first Admin').fill('Iris Nakamura')
      await daniel.field('E-mail address of the first Admin').fill('admin@meridian.example')
      await daniel.field('Ticket').fill('SD-1')
      await daniel.field('Why is it being created?').fill('Contract signed')
      await daniel.press('Create the account')
      await daniel.seesProblem('E-mail address of the first Admin', /A user with this address exists already/)
      assert.equal(await daniel.field('Name of the account').inputValue(), 'Meridian Bakeries')
      await look(daniel, 'new-account-problem')
      await daniel.field('E-mail address of the first Admin').fill('iris@meridian.example')
      await daniel.press('Create the account')
      await nameOf(daniel).getByText('1 person, 0 enrolled, 1 required but missing').waitFor()

      const iris = await visitor()
      await iris.visit(await new People(app).invitationLink('iris@meridian.example'))
      await iris.field('New password').fill('seven green lanterns in fog')
      await iris.press('Continue')
      await iris.enrol()
      await iris.enterCode(iris.phone.nextCode())
      await iris.heading('Hello, Iris Nakamura')
      await daniel.page.reload()
      await nameOf(daniel).getByText('1 person, 1 enrolled, 0 required but missing').waitFor()
    })

    test('the Service Desk loosens the policy of an account, suspends, renames and resumes it', async () => {
      const rosa = await signedIn('admin@retail.harbour.example')
      const deepa = await signedIn('desk2@platform.example')
      const [retail] = await app.deps.db.select().from(clients).where(eq(clients.name, 'Harbour Retail'))
      const page = `/clients/${retail?.id}`

      await deepa.visit(`${page}/mfa-policy`)
      await deepa.page.getByLabel('Require MFA of Tech Operator').uncheck()
      await deepa.press('Review the change')
      await nameOf(deepa).getByText('1 person will no longer be required to use MFA').waitFor()
      await look(deepa, 'mfa-policy-loosened')
      await deepa.field('Ticket').fill('SD-1')
      await deepa.field('Why is it being changed?').fill('Asked for by their board')
      await deepa.press('Save the policy')
      await deepa.arrivesAt(`${page}/mfa-policy`)
      assert.equal(await deepa.page.getByLabel('Require MFA of Tech Operator').isChecked(), false)

      await deepa.visit(page)
      await deepa.page.getByRole('link', { name: 'Suspend' }).click()
      await deepa.heading('Suspend Harbour Retail')
      await look(deepa, 'suspend')
      await rosa.visit('/users')
      await deepa.field('Ticket').fill('SD-2')
      await deepa.field('Why is it being suspended?').fill('Contract ended')
      await deepa.press('Suspend the account')
      await deepa.arrivesAt(page)
      await nameOf(deepa).getByText('Suspended', { exact: true }).waitFor()
      await look(deepa, 'account-suspended')
      await rosa.page.reload()
      await rosa.heading('Sign in')
      await rosa.enterPassword('admin@retail.harbour.example')
      await rosa.page.locator('[role=alert]:focus', { hasText: 'is suspended' }).waitFor()

      await deepa.page.getByRole('link', { name: 'Rename' }).click()
      await deepa.field('New name').fill('Harbour Shops')
      await deepa.field('Ticket').fill('SD-3')
      await deepa.field('Why is it being renamed?').fill('New brand')
      await look(deepa, 'rename')
      await deepa.press('Rename')
      await deepa.arrivesAt(page)
      await deepa.page.getByRole('link', { name: 'Resume' }).click()
      await deepa.heading('Resume Harbour Shops')
      await look(deepa, 'resume')
      await deepa.field('Ticket').fill('SD-4')
      await deepa.field('Why is it being resumed?').fill('Contract renewed')
      await deepa.press('Resume the account')
      await deepa.arrivesAt(page)
      await nameOf(deepa).getByText('Active', { exact: true }).waitFor()

      await rosa.enterPassword('admin@retail.harbour.example')
      await rosa.arrivesAt('/mfa/verify')
      await rosa.enterCode(rosa.phone.nextCode())
      await rosa.page.getByText('Harbour Shops').first().waitFor()

      // Once more, with the keyboard alone.
      const { keyboard } = deepa.page
      await deepa.visit(page)
      await deepa.tabTo(`a[href="${page}/name"]`)
      await keyboard.press('Enter')
      await deepa.heading('Rename Harbour Shops')
      await deepa.tabTo('#name')
      await keyboard.press('ControlOrMeta+A')
      for (const typed of ['Harbour Stores', 'SD-5', 'Another brand']) {
        await keyboard.type(typed)
        await keyboard.press('Tab')
      }
      await keyboard.press('Enter')
      await deepa.arrivesAt(page)
      await nameOf(deepa).getByText('Harbour Stores').first().waitFor()
    })
  })
