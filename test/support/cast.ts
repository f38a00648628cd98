// The demo cast by name, each in a browser of their own, with the authenticator they enrolled.
import assert from 'node:assert/strict'
import { and, eq } from 'drizzle-orm'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { startApp, type TestApp } from './app.ts'
import type { Answer, Browser } from './browser.ts'
import { People } from './people.ts'

export const ADMIN = 'admin@harbour.example'
export const ADMIN2 = 'admin2@harbour.example'
export const TECH = 'tech@harbour.example'
export const FINANCE = 'finance@harbour.example'
export const CHILD_ADMIN = 'admin@retail.harbour.example'
export const CHILD_TECH = 'tech@retail.harbour.example'
export const GRANDCHILD_TECH = 'tech@online.harbour.example'
export const FOREIGN_ADMIN = 'admin@meridian.example'
export const DESK = 'desk@platform.example'
export const DESK2 = 'desk2@platform.example'
export const OPERATOR = 'operator@platform.example'

const ENROLLED = [ADMIN, ADMIN2, TECH, CHILD_ADMIN, CHILD_TECH, GRANDCHILD_TECH, DESK, DESK2, OPERATOR]
const WITHOUT_MFA = [FOREIGN_ADMIN, FINANCE]

/** The evidence for a reset by the Service Desk. It includes the reason of an Admin. */
export const EVIDENCE = { reason: 'Phone lost on the train', ticket: 'DESK-4711', identifiedBy: 'video' }

export class Cast {
  readonly app: TestApp
  readonly people: People
  readonly #browsers = new Map<string, Browser>()

  private constructor(app: TestApp) {
    this.app = app
    this.people = new People(app)
  }

  /** Starts the application and signs these users in, the first with MFA. */
  static async assemble(
    enrolled = ENROLLED,
    withoutMfa = WITHOUT_MFA,
    env: Record<string, string> = {},
  ): Promise<Cast> {
    const behindTls = env.PUBLIC_URL?.startsWith('https:') ?? false
    const cast = new Cast(await startApp({ ADDRESS_ATTEMPTS: '100000', ...env }, { behindTls }))
    for (const email of [...enrolled, ...withoutMfa]) cast.#browsers.set(email, cast.app.browser())
    for (const email of enrolled) {
      await cast.enrol(email)
      await cast.as(email).signIn(email)
    }
    for (const email of withoutMfa) await cast.as(email).signInWithPassword(email)
    return cast
  }

  /** Gives a user an authenticator, without the pages. */
  async enrol(email: string): Promise<void> {
    const { id } = await this.app.userNamed(email)
    this.as(email).secret = await this.people.enrol(id)
  }

  as(email: string): Browser {
    const browser = this.#browsers.get(email)
    assert.ok(browser, email)
    return browser
  }

  /** Signs a user in again after the clock or a reset ended their session. Enrols if required. */
  async comeBack(email: string): Promise<Browser> {
    const browser = this.as(email)
    browser.cookies.clear()
    let { location } = await browser.signInWithPassword(email)
    if (location === '/mfa/enrol') location = (await browser.enrol()).location
    if (location === '/mfa/verify') location = (await browser.verify(browser.nextCode())).location
    assert.equal(location, '/', `${email} is in`)
    return browser
  }

  async reset(actor: string, target: string, fields: Record<string, string> = EVIDENCE): Promise<Answer> {
    const { id } = await this.app.userNamed(target)
    return this.as(actor).post(`/users/${id}/mfa-reset`, fields)
  }

  /** Decides the case that was opened last. */
  async decide(email: string, fields: Record<string, string> = { decision: 'approve' }): Promise<Answer> {
    return this.as(email).post(`/approvals/${await this.people.lastApprovalId()}`, fields)
  }

  async activeAuthenticator(email: string) {
    const { id } = await this.app.userNamed(email)
    const [row] = await this.app.deps.db
      .select()
      .from(authenticators)
      .where(and(eq(authenticators.userId, id), eq(authenticators.status, 'active')))
    return row
  }
}
