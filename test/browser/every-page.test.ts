// Every page and every state of it, in a real browser: accessible, 320 pixels wide, without a complaint.
// Pictures of them all: SCREENSHOTS=/tmp/pictures npm test -- test/browser/every-page
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import type { Browser, BrowserContext } from 'playwright-core'
import { MAX_CONSECUTIVE_CODE_FAILURES } from '../../src/lockout/policy.ts'
import { applicationUses } from '../../src/platform/db/schema/applications.ts'
import { addressLimits, lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { addApplication } from '../support/applications.ts'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { SVG } from '../support/logos.ts'
import { People } from '../support/people.ts'
import { focusRingContrast } from './focus-ring.ts'
import { inspect } from './inspect.ts'
import { Visitor } from './visitor.ts'

const WIDTH_OF_LOGO =
  "(async (logo) => { await logo.decode(); return logo.naturalWidth })(document.querySelector('.logo img'))"

const WRONG_PASSWORD = 'not my password at all'

let app: TestApp
let browser: Browser
let context: BrowserContext
let complaints: string[]
let people: People
let visitor: Visitor

before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  people = new People(app)
  browser = await sharedBrowser()
})
after(async () => {
  await closeWindows(browser)
  await app.close()
})
beforeEach(async () => {
  context = await browser.newContext({ reducedMotion: 'reduce' })
  context.setDefaultTimeout(10_000)
  complaints = Visitor.complaintsIn(context)
  visitor = new Visitor(await context.newPage(), app)
})
afterEach(async () => {
  await context.close()
  assert.deepEqual(complaints, [], 'what the browser complained about')
})

function look(name: string): Promise<void> {
  return inspect(visitor.page, name)
}

/** A field that is empty again after a try shows that the answer is there. */
async function failUntilLocked(field: string, tryOnce: () => Promise<void>): Promise<void> {
  const locked = visitor.page.getByRole('heading', { name: 'Locked for now' })
  const again = visitor.page.locator(`${field}:invalid`)
  for (;;) {
    await locked.or(again).waitFor()
    if (await locked.isVisible()) return
    await tryOnce()
  }
}

describe('pages that are accessible, fit 320 pixels and keep to the content security policy', () => {
  test('the pages of signing in are accessible and fit 320 pixels', async () => {
    await visitor.visit('/sign-in')
    await look('sign-in')
    await visitor.enterPassword('support@harbour.example', WRONG_PASSWORD)
    await visitor.seesProblem('Password', /is wrong/)
    await look('sign-in-wrong')
    await visitor.enterPassword('support@harbour.example')
    await visitor.heading('Hello, Samir Haddad')
    await look('home-not-enrolled')
    await visitor.page.locator('.menu summary').click()
    await look('home-menu')
    await visitor.press('Sign out')
    await visitor.page.getByText('You are signed out.').waitFor()
    await look('signed-out')
  })

  test('the pages of a lock by wrong passwords, one’s own or the network’s, are accessible and fit 320 pixels', async () => {
    await visitor.visit('/sign-in')
    await failUntilLocked('#password', () => visitor.enterPassword('finance@harbour.example', WRONG_PASSWORD))
    await look('locked-password')
    const network = {
      address: '127.0.0.1',
      failures: 100_000,
      endsAt: new Date(app.clock.now().getTime() + MINUTE),
    }
    await app.deps.db.delete(addressLimits)
    await app.deps.db.insert(addressLimits).values(network)
    await visitor.visit('/sign-in')
    await visitor.enterPassword('finance@harbour.example')
    await visitor.page.getByText('failed attempts from your network').waitFor()
    await look('locked-address')
    await app.deps.db.delete(addressLimits)
  })

  test('the pages of an invitation are accessible and fit 320 pixels', async () => {
    const link = await people.invitationLink('new.tech@harbour.example')
    await visitor.visit(link)
    await look('activate')
    await visitor.field('New password').fill('passwordpassword')
    await visitor.press('Continue')
    await visitor.seesProblem('New password', /Choose another/)
    await look('activate-problem')
    await visitor.visit('/activate/no-such-token')
    await visitor.heading('This link no longer works')
    await look('invitation-gone')
  })

  test('the pages of enrolment and authentication are accessible and fit 320 pixels', async () => {
    await visitor.visit('/sign-in')
    await visitor.enterPassword('tech@harbour.example')
    await visitor.arrivesAt('/mfa/enrol')
    await look('enrol')
    await visitor.typeKey()
    await visitor.enterCode(visitor.phone.wrongCode())
    await visitor.seesProblem('Code', /not right/)
    await look('enrol-wrong')
    await app.browser().signInWithPassword('tech@harbour.example')
    await visitor.visit('/mfa/enrol')
    await look('enrol-key-void')
    await visitor.press('Show a new key')
    await visitor.page.getByText('Here is a new key').waitFor()
    await visitor.typeKey()
    await visitor.enterCode(visitor.phone.code())
    await visitor.arrivesAt('/mfa/verify')
    await look('just-enrolled')
    await visitor.enterCode(visitor.phone.nextCode())
    await visitor.heading('Hello, Theo Marchetti')
    await look('home-enrolled')
  })

  test('the MFA prompt, up to a lock by wrong codes, is accessible and fits 320 pixels', async () => {
    await visitor.enrolAndSignIn('admin@harbour.example')
    await visitor.signOut()
    await visitor.enterPassword('admin@harbour.example')
    await visitor.arrivesAt('/mfa/verify')
    await look('verify')
    await visitor.page.getByText('Lost your phone, or a new one?').click()
    await look('verify-help')
    await visitor.press('Ask for a reset')
    await visitor.page.getByText('see your request.').waitFor()
    await look('verify-reset-asked-for')
    await visitor.page.getByText('Lost your phone, or a new one?').click()
    await visitor.enterCode(visitor.phone.wrongCode())
    await visitor.seesProblem('Code', /not right/)
    await look('verify-wrong')
    await visitor.visit('/mfa/verify')
    await failUntilLocked('#code', () => visitor.enterCode(visitor.phone.wrongCode()))
    await look('locked-code')
    app.clock.advance(SECOND)
    await visitor.visit('/sign-in')
    await visitor.enterPassword('admin@harbour.example')
    await visitor.heading('Locked for now')
    await look('locked-code-again')
  })

  test('the page of an authenticator that was switched off is accessible and fits 320 pixels', async () => {
    await visitor.enrolAndSignIn('admin@retail.harbour.example')
    await visitor.signOut()
    await visitor.enterPassword('admin@retail.harbour.example')
    await visitor.arrivesAt('/mfa/verify')
    await visitor.enterCode(visitor.phone.wrongCode())
    await visitor.seesProblem('Code', /not right/)
    const [rosa] = await app.deps.db
      .select()
      .from(users)
      .where(eq(users.email, 'admin@retail.harbour.example'))
    assert.ok(rosa)
    await app.deps.db
      .update(lockouts)
      .set({ consecutiveFailures: MAX_CONSECUTIVE_CODE_FAILURES })
      .where(and(eq(lockouts.subject, rosa.id), eq(lockouts.kind, 'code')))
    await visitor.visit('/mfa/verify')
    await visitor.heading('Your authenticator is switched off')
    await look('authenticator-off')
  })

  test('the pages of a change of address are accessible and fit 320 pixels', async () => {
    const { id, email } = await people.add('Harbour Group', ['finance-operator'])
    const admin = await people.add('Harbour Group', ['admin'])
    const agent = await people.add('Portcullis Platform', ['service-desk'])
    await visitor.signInWithPassword(email, '/account/email')
    await look('own-email')
    await visitor.field('New e-mail address').fill('moved.here@harbour.example')
    await visitor.field('Password').fill(WRONG_PASSWORD)
    await visitor.press('Send the link')
    await visitor.seesProblem('Password', /not right/)
    await look('own-email-wrong')
    await visitor.field('Password').fill(DEMO_PASSWORD)
    await visitor.press('Send the link')
    await visitor.arrivesAt('/account')
    await look('own-email-asked')
    await visitor.visit('/account/email')
    await look('own-email-waiting')
    await visitor.enrolAndSignIn(agent.email, `/users/${id}/profile`)
    await look('profile-email-waiting')
    await visitor.visit(`/users/${admin.id}/profile`)
    await look('profile-of-administrator')
    await context.clearCookies()
    await visitor.visit(await people.emailChangeLink(id))
    await look('confirm-email')
    await visitor.press('Use the new address')
    await visitor.arrivesAt('/sign-in')
    await visitor.visit('/confirm-email/no-such-token')
    await visitor.heading('This link no longer works')
    await look('confirm-email-gone')
  })

  test('the pages of a forgotten password are accessible and fit 320 pixels', async () => {
    await visitor.visit('/forgot-password')
    await look('forgot')
    await visitor.field('E-mail address').fill('tech@meridian.example')
    await visitor.press('Mail me a link')
    await visitor.heading('Check your e-mail')
    await look('forgot-sent')
    await visitor.visit(await people.passwordResetLink('tech@meridian.example'))
    await look('reset')
    await visitor.field('New password').fill('passwordpassword')
    await visitor.press('Save the new password')
    await visitor.seesProblem('New password', /Choose another/)
    await look('reset-problem')
    await visitor.visit('/reset-password/no-such-token')
    await visitor.heading('This link no longer works')
    await look('reset-gone')
  })

  test('the dashboard of an Admin, of a quiet and of a busy account, is accessible and fits 320 pixels', async () => {
    await visitor.enrolAndSignIn('admin2@harbour.example')
    await look('home-admin')
    await makeBusy('Harbour Group')
    await failPasswords('support@harbour.example')
    await visitor.visit('/')
    await visitor.page.locator('.alarming [data-figure="locked"]').waitFor()
    await look('home-admin-busy')
    await visitor.page.locator('[data-chart="failed-sign-ins"] summary').click()
    await look('home-admin-chart')
  })

  test('the pages of the Service Desk are accessible and fit 320 pixels', async () => {
    await failPasswords('admin@meridian.example')
    await visitor.enrolAndSignIn('desk@platform.example')
    await look('home-desk')
    await visitor.visit('/service-desk')
    await look('service-desk')
    await visitor.visit('/service-desk?q=harbour')
    await look('service-desk-found')
    await visitor.visit('/service-desk?q=nobody+at+all')
    await look('service-desk-nobody')
    const { clientId } = await app.userNamed('tech@harbour.example')
    await visitor.visit(`/clients/${clientId}/support`)
    await look('support-contact')
    await visitor.visit('/clients')
    await look('clients')
    await visitor.visit('/clients?q=nothing')
    await look('clients-none')
    await visitor.page.goto(`${app.origin}/clients?q=retail`)
    await visitor.page.getByRole('link', { name: 'Harbour Retail', exact: true }).click()
    await visitor.heading('About this account')
    await look('client')
  })

  test('logo and time zone of an account, and gate pages with a logo, are accessible and fit 320 pixels', async () => {
    const { email, clientId } = await people.add('Harbour Group', ['tech-operator'])
    const agent = await people.add('Portcullis Platform', ['service-desk'])
    await visitor.enrolAndSignIn(agent.email, `/clients/${clientId}/time-zone`)
    await look('client-time-zone')
    await visitor.visit(`/clients/${clientId}/logo`)
    await look('client-logo-none')
    const file = (name: string, content: string) => ({
      name,
      mimeType: 'image/svg+xml',
      buffer: Buffer.from(content),
    })
    await visitor.field('File').setInputFiles(file('bad.svg', SVG.replace('<path', '<script')))
    await visitor.press('Upload, and look at it')
    await visitor.page.locator('[role=alert]', { hasText: 'script' }).waitFor()
    await look('client-logo-wrong')
    await visitor.field('File').setInputFiles(file('logo.svg', SVG))
    await visitor.press('Upload, and look at it')
    await visitor.page.getByRole('heading', { name: 'Not shown yet' }).waitFor()
    assert.equal(await visitor.page.evaluate(WIDTH_OF_LOGO), 120, 'the draft is drawn')
    await look('client-logo-draft')
    await visitor.field('Ticket').fill('SD-1')
    await visitor.field('Why is it being changed?').fill('Asked for')
    await visitor.press('Show this logo')
    await visitor.page.locator('[role=status]:focus', { hasText: 'is shown from now on' }).waitFor()
    await look('client-with-logo')
    await visitor.visit(`/clients/${clientId}/logo`)
    await look('client-logo-shown')
    await visitor.signOut()
    await visitor.enterPassword(email)
    await visitor.heading('Set up your authenticator')
    assert.equal(await visitor.page.evaluate(WIDTH_OF_LOGO), 120, 'the logo is drawn')
    assert.equal(await visitor.page.locator('.logo img').getAttribute('alt'), 'Harbour Group')
    await look('enrol-with-logo')
  })

  test('the pages of applications are accessible and fit 320 pixels', async () => {
    await visitor.enrolAndSignIn('desk2@platform.example', '/applications')
    await look('applications-none')
    await visitor.visit('/applications/new')
    await look('applications-way')
    await visitor.visit('/applications/new?way=forward-auth')
    await look('applications-new-forward-auth')
    await visitor.visit('/applications/new?way=openid-connect')
    await look('applications-new')
    await visitor.field('Name').fill('Ledger')
    await visitor.page.getByLabel('Money').check()
    await visitor.field('Address').fill('https://ledger.example/')
    await visitor.page.getByLabel('Of chosen accounts').check()
    await visitor.page.getByLabel('Finance Manager').check()
    await visitor.field('Redirect addresses').fill('http://ledger.example/callback')
    await visitor.field('Ticket').fill('SD-1')
    await visitor.field('Why is it being registered?').fill('Asked for')
    await visitor.press('Register the application')
    await visitor.seesProblem('Redirect addresses', /begins with https/)
    await look('applications-new-wrong')
    await visitor.field('Redirect addresses').fill('https://ledger.example/callback')
    await visitor.press('Register the application')
    await visitor.heading('The new secret')
    await look('application-secret')
    await visitor.page.getByRole('link', { name: 'Choose accounts' }).click()
    await visitor.heading('Accounts whose people may enter')
    await look('application-accounts-none')
    await visitor.field('Name of the account').fill('harbour')
    await visitor.press('Search')
    await visitor.page.getByLabel('Harbour Retail').check()
    await look('application-accounts-found')
    await visitor.field('Ticket').fill('SD-1')
    await visitor.field('Why is it being changed?').fill('Asked for')
    await visitor.press('Save these accounts')
    await visitor.page.locator('[role=status]:focus', { hasText: 'are saved' }).waitFor()
    await look('application-accounts-saved')
    await visitor.visit('/applications')
    await visitor.page.getByRole('link', { name: 'Ledger' }).click()
    await visitor.heading('Ledger')
    await look('application')
    const page = new URL(visitor.page.url()).pathname
    for (const act of ['change', 'secrets', 'disable']) {
      await visitor.visit(`${page}/${act}`)
      await look(`application-${act}`)
    }
    await visitor.visit(page)
    await visitor.page.getByRole('link', { name: /^End it now/ }).click()
    await visitor.heading('End a secret of Ledger')
    await look('application-end-secret')
    const fiona = await app.userNamed('finance@harbour.example')
    const address = 'https://grafana.example/'
    const { id } = await addApplication(app.deps.db, {
      ...{ name: 'Grafana', icon: 'chart', way: 'forward-auth', address, host: 'grafana.example' },
      ...{ requiresMfa: true, disabledAt: app.clock.now() },
    })
    await addApplication(app.deps.db, { name: 'Board of the whole group', icon: 'people', requiresMfa: true })
    await app.deps.db.insert(applicationUses).values({
      ...{ applicationId: id, userId: fiona.id },
      ...{ firstUsedAt: app.clock.now(), lastUsedAt: app.clock.now() },
    })
    await visitor.visit('/applications')
    await look('applications')
    await visitor.visit(`/applications/${id}`)
    await look('application-disabled')
    await visitor.visit(`/applications/${id}/enable`)
    await look('application-enable')
    await visitor.visit('/')
    await look('home-with-applications')
    await visitor.visit(`/users/${fiona.id}`)
    await look('user-with-applications')
    await visitor.visit(`/clients/${fiona.clientId}`)
    await look('client-with-applications')
  })

  test('the applications of an Admin, and tiles that need an authenticator, are accessible and fit 320 pixels', async () => {
    const marta = await people.add('Meridian Foods', ['admin'])
    await visitor.signInWithPassword(marta.email, '/applications')
    await look('applications-of-account-none')
    const { id } = await addApplication(app.deps.db, { name: 'Vault', icon: 'card', requiresMfa: true })
    await app.deps.db.insert(applicationUses).values({
      ...{ applicationId: id, userId: marta.id },
      ...{ firstUsedAt: app.clock.now(), lastUsedAt: app.clock.now() },
    })
    await visitor.visit('/applications')
    await look('applications-of-account')
    await visitor.visit('/')
    await look('home-needs-authenticator')
  })

  test('the lists of an Admin, with and without rows, are accessible and fit 320 pixels', async () => {
    await visitor.signInWithPassword('admin@online.harbour.example', '/users')
    await look('users')
    await visitor.visit('/users?q=nobody')
    await look('users-nobody')
    await visitor.visit('/audit')
    await look('audit')
    await visitor.visit('/audit?action=mfa-reset.requested')
    await look('audit-none')
    await visitor.visit('/mfa-policy')
    await look('mfa-policy')
    await visitor.visit('/users')
    await visitor.page.getByRole('link', { name: 'Mei-Ling Chen' }).click()
    await visitor.heading('Mei-Ling Chen')
    await look('user')
  })

  test('the step-up and its result are accessible and fit 320 pixels', async () => {
    await visitor.signInWithPassword('admin@online.harbour.example')
    app.clock.advance(11 * MINUTE)
    await visitor.visit('/users/new')
    await visitor.field('E-mail address').fill('newcomer@online.harbour.example')
    await visitor.field('Name').fill('Petra Newcomer')
    await visitor.page.getByLabel('Tech Operator').check()
    await visitor.press('Send the invitation')
    await visitor.heading('Confirm that it is you')
    await look('presence')
    await visitor.field('Your password').fill(WRONG_PASSWORD)
    await visitor.press('Confirm and go on')
    await visitor.seesProblem('Your password', /not right/)
    await look('presence-wrong')
    await visitor.field('Your password').fill(DEMO_PASSWORD)
    await visitor.press('Confirm and go on')
    await visitor.arrivesAt('/users')
    await visitor.page
      .locator('[role=status]:focus', { hasText: 'The invitation of Petra Newcomer' })
      .waitFor()
    await look('users-invited')
  })

  test('the error pages are accessible and fit 320 pixels', async () => {
    await visitor.page.setContent(
      `<form method="post" action="${app.origin}/sign-in"><button>Win</button></form>`,
    )
    await visitor.press('Win')
    await visitor.heading('This was refused')
    await look('error-403')
    await visitor.signInWithPassword('tech@meridian.example')
    await visitor.visit('/no-such-page')
    await visitor.heading('There is nothing here')
    await look('error-404')
    await whileMissing('sessions', async () => {
      await visitor.visit('/')
      await visitor.heading('We cannot answer just now')
      await look('error-503')
    })
    await context.clearCookies()
    await visitor.visit('/forgot-password')
    await whileMissing('password_resets', async () => {
      await visitor.field('E-mail address').fill('tech@meridian.example')
      await visitor.press('Mail me a link')
      await visitor.page.locator('[role=alert]:focus', { hasText: 'could not be done (error 500)' }).waitFor()
      await look('forgot-password-failed')
    })
    assert.equal(await visitor.field('E-mail address').inputValue(), 'tech@meridian.example')
    await visitor.press('Try again')
    await visitor.heading('Check your e-mail')
    await whileMissing('password_resets', async () => {
      await visitor.visit('/forgot-password')
      await visitor.field('E-mail address').fill('tech@meridian.example')
      // Past the script, as it is without JavaScript.
      await visitor.page.evaluate("document.querySelector('form').submit()")
      await visitor.heading('Something went wrong on our side')
      await look('error-500')
    })
  })

  test('the message about an unreachable server is accessible and fits 320 pixels', async () => {
    await visitor.visit('/sign-in')
    await context.setOffline(true)
    await visitor.enterPassword('support@harbour.example')
    await visitor.page.locator('[role=alert]:focus', { hasText: 'did not answer' }).waitFor()
    assert.equal(await visitor.field('Password').inputValue(), 'demo-password-please-change')
    await look('unreachable')
    complaints.splice(0)
  })
})

for (const colorScheme of ['light', 'dark'] as const)
  test(`the focus in the header can be seen in ${colorScheme} colours`, async () => {
    await visitor.page.emulateMedia({ colorScheme })
    await visitor.signInWithPassword('admin@online.harbour.example')
    const inHeader = visitor.page.locator('header.top :focus')
    const seen: (string | null)[] = []

    await visitor.tabTo('.brand')
    while ((await inHeader.count()) > 0) {
      const name = await inHeader.textContent()
      assert.ok((await focusRingContrast(visitor.page)) >= 3, `the ring around ${name}`)
      seen.push(name)
      if (await inHeader.evaluate((element) => element.localName === 'summary'))
        await visitor.page.keyboard.press('Enter')
      await visitor.page.keyboard.press('Tab')
    }

    assert.ok(seen.includes('Home') && seen.includes('Users') && seen.at(-1) === 'Sign out', seen.join())
  })

async function failPasswords(email: string): Promise<void> {
  const guesser = app.browser()
  for (let guess = 0; guess < 5; guess += 1) await guesser.signInWithPassword(email, WRONG_PASSWORD)
}

/** A month of wrong passwords, more on some days than on others. */
async function makeBusy(account: string): Promise<void> {
  await app.database.sql`
    insert into audit_events (at, client_id, subject_id, action, outcome)
    select ${app.clock.now().toISOString()}::timestamptz - make_interval(days => day), c.id, u.id, 'sign-in.password', 'failure'
    from generate_series(0, 28) as day cross join generate_series(1, day * 7 % 11) as failure
    join clients c on c.name = ${account} join users u on u.email = 'tech@harbour.example'`
}

async function whileMissing(table: string, work: () => Promise<void>): Promise<void> {
  await app.database.sql.unsafe(`alter table ${table} rename to ${table}_away`)
  try {
    await work()
  } finally {
    await app.database.sql.unsafe(`alter table ${table}_away rename to ${table}`)
  }
}
