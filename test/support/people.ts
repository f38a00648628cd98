// People of the demo accounts and new ones, for tests about who may do what to whom.
import assert from 'node:assert/strict'
import { and, desc, eq, inArray } from 'drizzle-orm'
import { linkToken } from '../../src/at-rest/link-token.ts'
import { auditEvents } from '../../src/db/schema/audit-events.ts'
import { clients } from '../../src/db/schema/clients.ts'
import { invitations } from '../../src/db/schema/links.ts'
import { memberships, roleGroups } from '../../src/db/schema/role-groups.ts'
import { users } from '../../src/db/schema/users.ts'
import type { TestApp } from './app.ts'

export type Status = (typeof users.$inferSelect)['status']

export class People {
  readonly #app: TestApp
  #added = 0
  #clientIds: Promise<Map<string, string>> | undefined
  #passwordHash: Promise<string | null> | undefined

  constructor(app: TestApp) {
    this.#app = app
  }

  get #db() {
    return this.#app.deps.db
  }

  async clientId(name: string): Promise<string> {
    this.#clientIds ??= this.#db
      .select()
      .from(clients)
      .then((rows) => new Map(rows.map((client) => [client.name, client.id])))
    const id = (await this.#clientIds).get(name)
    assert.ok(id, name)
    return id
  }

  async byId(id: string) {
    const [user] = await this.#db.select().from(users).where(eq(users.id, id))
    assert.ok(user)
    return user
  }

  /** Somebody new in an account, with the password of the demo unless invited. */
  async add(account: string, keys: readonly string[], status: Status = 'active') {
    this.#added += 1
    const proven =
      status === 'invited' ? {} : { passwordHash: await this.#demoHash(), activatedAt: this.#app.clock.now() }
    const [user] = await this.#db
      .insert(users)
      .values({
        clientId: await this.clientId(account),
        email: `person${this.#added}@test.example`,
        name: `Person ${this.#added}`,
        status,
        ...proven,
      })
      .returning()
    assert.ok(user)
    const groups = await this.#db
      .select()
      .from(roleGroups)
      .where(inArray(roleGroups.key, [...keys]))
    await this.#db.insert(memberships).values(groups.map(({ id }) => ({ userId: user.id, roleGroupId: id })))
    return user
  }

  async roleGroupsOf(userId: string): Promise<string[]> {
    const rows = await this.#db
      .select({ key: roleGroups.key })
      .from(memberships)
      .innerJoin(roleGroups, eq(roleGroups.id, memberships.roleGroupId))
      .where(eq(memberships.userId, userId))
    return rows.map(({ key }) => key).sort()
  }

  /** The newest first. */
  eventsOf(userId: string, action: string) {
    return this.#db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.subjectId, userId), eq(auditEvents.action, action)))
      .orderBy(desc(auditEvents.id))
  }

  /** The newest first. */
  invitationsOf(userId: string) {
    return this.#db
      .select()
      .from(invitations)
      .where(eq(invitations.userId, userId))
      .orderBy(desc(invitations.id))
  }

  /** The link of the newest invitation. */
  async linkOf(userId: string): Promise<string> {
    const [row] = await this.invitationsOf(userId)
    assert.ok(row)
    return `/activate/${linkToken('invitation', row.id, row.tokenHash, this.#app.deps.config.ENCRYPTION_KEYS)}`
  }

  #demoHash(): Promise<string | null> {
    this.#passwordHash ??= this.#app
      .userNamed('admin@harbour.example')
      .then(({ passwordHash }) => passwordHash)
    return this.#passwordHash
  }
}
