// A person in front of a real screen, with a phone beside it.
import assert from 'node:assert/strict'
import type { BrowserContext, Locator, Page } from 'playwright-core'
import type { TestApp } from '../support/app.ts'
import { type Browser, DEMO_PASSWORD } from '../support/browser.ts'
import { Phone } from './phone.ts'

export class Visitor {
  readonly page: Page
  readonly phone: Phone
  readonly #app: TestApp
  readonly #origin: string

  constructor(page: Page, app: TestApp) {
    this.page = page
    this.phone = new Phone(app.clock)
    this.#app = app
    this.#origin = app.origin
  }

  visit(path: string) {
    return this.page.goto(this.#origin + path)
  }

  /** Waits until the page at `path` (query included) is there. */
  async arrivesAt(path: string): Promise<void> {
    await this.page.waitForURL(this.#origin + path)
  }

  field(label: string): Locator {
    return this.page.getByLabel(label, { exact: true })
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole('button', { name: button, exact: true }).click()
  }

  heading(text: string): Promise<void> {
    return this.page.getByRole('heading', { level: 1, name: text }).waitFor()
  }

  async enterPassword(email: string, password = DEMO_PASSWORD): Promise<void> {
    await this.field('E-mail address').fill(email)
    await this.field('Password').fill(password)
    await this.press('Sign in')
  }

  /** Types a code. With JavaScript the form is sent with the sixth digit. */
  async enterCode(code: string, label = 'Code'): Promise<void> {
    const field = this.field(label)
    const sendsItself = (await field.getAttribute('data-ready')) !== null
    await field.fill(code)
    if (sendsItself) return
    await this.page.locator('form:has(.code) [type=submit]').click()
  }

  /** Adds the account to the phone by the key the page shows for typing. */
  async typeKey(): Promise<void> {
    this.phone.type((await this.page.locator('#manual-key').textContent()) ?? '')
  }

  async enrol(): Promise<void> {
    await this.arrivesAt('/mfa/enrol')
    await this.typeKey()
    await this.enterCode(this.phone.code())
    await this.arrivesAt('/mfa/verify')
  }

  /** Begins at `path`, signed in already. How people get there is clicked through in sign-in.test.ts. */
  async signInWithPassword(email: string, path = '/'): Promise<void> {
    const before = this.#app.browser()
    await before.signInWithPassword(email)
    await this.#goOn(before, path)
  }

  /** Begins at `path`, enrolled and signed in already. */
  async enrolAndSignIn(email: string, path = '/'): Promise<void> {
    const before = this.#app.browser()
    await before.enrolAndSignIn(email)
    assert.ok(before.secret)
    this.phone.remember(before.secret)
    await this.#goOn(before, path)
  }

  async #goOn(before: Browser, path: string): Promise<void> {
    const cookies = [...before.cookies].map(([name, value]) => ({ name, value, url: this.#origin }))
    await this.page.context().addCookies(cookies)
    await this.visit(path)
    await this.arrivesAt(path)
  }

  /** From the dashboard's menu. */
  async signOut(): Promise<void> {
    await this.page.locator('.menu summary').click()
    await this.press('Sign out')
    await this.arrivesAt('/sign-in')
  }

  /** Presses Tab until what is meant has the focus. */
  async tabTo(selector: string): Promise<void> {
    for (let presses = 0; presses < 40; presses += 1) {
      await this.page.keyboard.press('Tab')
      if ((await this.page.locator(`${selector}:focus`).count()) > 0) return
    }
    assert.fail(`${selector} is out of reach of the keyboard`)
  }

  /** Waits for the message about a field, which refers to it. A field that asks for a code has the focus, else the message. */
  async seesProblem(label: string, message: RegExp): Promise<void> {
    const alert = this.page.locator('[role=alert]', { hasText: message })
    await alert.waitFor()
    const id = await alert.getAttribute('id')
    const field = this.field(label)
    const inCodeForm = (await this.page.locator('form .code').count()) > 0
    await this.page.locator(`#${inCodeForm ? await field.getAttribute('id') : id}:focus`).waitFor()
    assert.ok(id && (await field.getAttribute('aria-describedby'))?.split(' ').includes(id))
    assert.equal(await field.getAttribute('aria-invalid'), 'true')
  }

  /** What the browser complained about, of every page of a context from now on. */
  static complaintsIn(context: BrowserContext): string[] {
    const complaints: string[] = []
    context.on('console', (message) => {
      // Chromium notes each answer that is no success here; the statuses are judged elsewhere.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource: the server'))
        complaints.push(message.text())
    })
    context.on('weberror', (error) => complaints.push(String(error.error())))
    context.on('response', (response) => {
      if (response.status() >= 400 && response.url().includes('/static/'))
        complaints.push(`${response.status()} ${response.url()}`)
    })
    return complaints
  }
}
