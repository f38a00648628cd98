// Where the tests of the audit log happen: the application with the demo cast, some of whom are signed in.
import assert from 'node:assert/strict'
import { eq } from 'drizzle-orm'
import type { AuditAction } from '../../src/audit/actions.ts'
import { auditEvents } from '../../src/db/schema/audit-events.ts'
import { clients } from '../../src/db/schema/clients.ts'
import { users } from '../../src/db/schema/users.ts'
import { startApp, type TestApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

type Event = Partial<Omit<typeof auditEvents.$inferInsert, 'action'>> & { action?: AuditAction | undefined }

export class AuditHouse {
  #app: TestApp | undefined
  readonly #signedIn = new Map<string, Browser>()

  get app(): TestApp {
    assert.ok(this.#app, 'the application runs')
    return this.#app
  }

  get db() {
    return this.app.deps.db
  }

  async open(...enrolled: string[]): Promise<void> {
    this.#app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
    for (const email of enrolled) {
      const browser = this.app.browser()
      await browser.enrolAndSignIn(email)
      this.#signedIn.set(email, browser)
    }
  }

  close(): Promise<void> {
    return this.app.close()
  }

  as(email: string): Browser {
    const browser = this.#signedIn.get(email)
    assert.ok(browser, `${email} is signed in`)
    return browser
  }

  async clientId(name: string): Promise<string> {
    const [client] = await this.db.select({ id: clients.id }).from(clients).where(eq(clients.name, name))
    assert.ok(client)
    return client.id
  }

  async userId(email: string): Promise<string> {
    const [user] = await this.db.select({ id: users.id }).from(users).where(eq(users.email, email))
    assert.ok(user)
    return user.id
  }

  /** Puts events on record, as something that happened would. Returns their ids. */
  async happened(...events: readonly Event[]): Promise<string[]> {
    const rows = await this.db
      .insert(auditEvents)
      .values(
        events.map((event) => ({
          at: this.app.clock.now(),
          outcome: 'success' as const,
          ...event,
          action: event.action ?? 'password.changed',
        })),
      )
      .returning({ id: auditEvents.id })
    return rows.map(({ id }) => id)
  }
}

/** The sentences on a page, the newest first. */
export function sentencesOn(html: string): string[] {
  return [
    ...html.matchAll(/<li data-outcome="[a-z]+">\s*<p><span class="when">.*?<\/span> ([^<]*)<\/p>/gs),
  ].map(([, sentence = '']) => sentence.trim())
}

export function nextOn(html: string): string | undefined {
  return /href="([^"]+)" rel="next"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
}
