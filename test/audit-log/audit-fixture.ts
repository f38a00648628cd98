// Where the tests of the audit log happen: the application with the demo cast, some of whom are signed in.
import assert from 'node:assert/strict'
import type { AuditAction } from '../../src/platform/audit/actions.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import type { TestApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { Cast } from '../support/cast.ts'

type Event = Partial<Omit<typeof auditEvents.$inferInsert, 'action'>> & { action?: AuditAction | undefined }

export class AuditFixture {
  #cast: Cast | undefined

  get cast(): Cast {
    assert.ok(this.#cast, 'the application runs')
    return this.#cast
  }

  get app(): TestApp {
    return this.cast.app
  }

  get db() {
    return this.app.deps.db
  }

  async open(...enrolled: string[]): Promise<void> {
    this.#cast = await Cast.assemble(enrolled, [])
  }

  close(): Promise<void> {
    return this.app.close()
  }

  as(email: string): Browser {
    return this.cast.as(email)
  }

  clientId(name: string): Promise<string> {
    return this.cast.people.clientId(name)
  }

  async userId(email: string): Promise<string> {
    return (await this.app.userNamed(email)).id
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
    ...html.matchAll(
      /<li data-outcome="[a-z]+">\s*<details>\s*<summary><span class="when">.*?<\/span> ([^<]*)<\/summary>/gs,
    ),
  ].map(([, sentence = '']) => sentence.trim())
}

export function nextOn(html: string): string | undefined {
  return /href="([^"]+)" rel="next"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
}
