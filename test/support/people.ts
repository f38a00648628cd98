// People of the demo accounts and new ones, for tests about who may do what to whom.
import assert from 'node:assert/strict'
import { and, desc, eq, inArray } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { APPROVAL_LIFE_MS } from '../../src/access/open-approval.ts'
import { newSecret } from '../../src/mfa/totp.ts'
import type { AuditAction } from '../../src/platform/audit/actions.ts'
import { NO_REQUEST } from '../../src/platform/audit/record.ts'
import { linkToken } from '../../src/platform/crypto/link-token.ts'
import { seal } from '../../src/platform/crypto/sealed-secret.ts'
import { approvals } from '../../src/platform/db/schema/approvals.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { emailChanges, invitations, passwordResets } from '../../src/platform/db/schema/links.ts'
import { memberships, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import type { TestApp } from './app.ts'

export type Status = (typeof users.$inferSelect)['status']

export class People {
  readonly #app: TestApp
  #added = 0
  #invited = 0
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

  /** The form that invites a new user. */
  newcomer(fields: Record<string, string> = {}): Record<string, string> {
    this.#invited += 1
    return {
      email: `new${this.#invited}@harbour.example`,
      name: `Newcomer ${this.#invited}`,
      roleGroups: 'finance-operator',
      ...fields,
    }
  }

  async byId(id: string) {
    const [user] = await this.#db.select().from(users).where(eq(users.id, id))
    assert.ok(user)
    return user
  }

  /** A new user of an account, with the password of the demo unless invited. */
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

  /**
   * Gives a user an authenticator, as if they had enrolled it; returns the key in it. Enrolling through the pages
   * has tests of its own, and takes four requests.
   */
  async enrol(userId: string): Promise<Buffer> {
    const id = uuidv7()
    const key = newSecret()
    const now = this.#app.clock.now()
    await this.#db.insert(authenticators).values({
      id,
      userId,
      status: 'active',
      sealedSecret: seal(key, { authenticatorId: id, userId }, this.#app.deps.config.ENCRYPTION_KEYS),
      pendingUntil: now,
      activatedAt: now,
    })
    return key
  }

  /** A waiting case: a new Tech Operator of Harbour Group is to be Admin. */
  async addCase(requestedBy: string): Promise<{ id: string; userId: string }> {
    const user = await this.add('Harbour Group', ['tech-operator'])
    const now = this.#app.clock.now()
    const [row] = await this.#db
      .insert(approvals)
      .values({
        kind: 'role-groups',
        clientId: user.clientId,
        userId: user.id,
        email: user.email,
        name: user.name,
        held: ['tech-operator'],
        given: ['admin'],
        taken: [],
        requestedBy,
        requestedAt: now,
        expiresAt: new Date(now.getTime() + APPROVAL_LIFE_MS),
        ticket: 'T-1',
        reason: 'Because',
        origin: NO_REQUEST,
      })
      .returning({ id: approvals.id })
    assert.ok(row)
    return { id: row.id, userId: user.id }
  }

  async lastApprovalId(): Promise<string> {
    const [row] = await this.#db.select().from(approvals).orderBy(desc(approvals.id)).limit(1)
    assert.ok(row, 'there is a case')
    return row.id
  }

  async roleGroupsOf(userId: string): Promise<string[]> {
    const rows = await this.#db
      .select({ key: roleGroups.key })
      .from(memberships)
      .innerJoin(roleGroups, eq(roleGroups.id, memberships.roleGroupId))
      .where(eq(memberships.userId, userId))
    return rows.map(({ key }) => key).sort()
  }

  /** Events about a user, by id or e-mail address, newest first. */
  async eventsOf(who: string, action: AuditAction) {
    return this.#db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.subjectId, await this.#idOf(who)), eq(auditEvents.action, action)))
      .orderBy(desc(auditEvents.id))
  }

  /** The last of its kind, in one account or in all. */
  async lastEvent(action: AuditAction, clientId?: string) {
    const [event] = await this.#db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.action, action), clientId ? eq(auditEvents.clientId, clientId) : undefined))
      .orderBy(desc(auditEvents.id))
      .limit(1)
    return event
  }

  /** The newest first. */
  invitationsOf(userId: string) {
    return this.#db
      .select()
      .from(invitations)
      .where(eq(invitations.userId, userId))
      .orderBy(desc(invitations.id))
  }

  /** The link of the newest invitation of a user, by id or e-mail address. */
  async invitationLink(who: string): Promise<string> {
    const [row] = await this.invitationsOf(await this.#idOf(who))
    assert.ok(row)
    return `/activate/${linkToken('invitation', row.id, row.tokenHash, this.#app.deps.config.ENCRYPTION_KEYS)}`
  }

  /** The link that the last mail for a forgotten password carries. */
  async passwordResetLink(email: string): Promise<string> {
    const [row] = await this.#db
      .select()
      .from(passwordResets)
      .where(eq(passwordResets.userId, await this.#idOf(email)))
      .orderBy(desc(passwordResets.id))
      .limit(1)
    assert.ok(row)
    return `/reset-password/${linkToken('password-reset', row.id, row.tokenHash, this.#app.deps.config.ENCRYPTION_KEYS)}`
  }

  /** The link in the mail to the new address of a user. */
  async emailChangeLink(userId: string): Promise<string> {
    const [row] = await this.#db
      .select()
      .from(emailChanges)
      .where(eq(emailChanges.userId, userId))
      .orderBy(desc(emailChanges.id))
      .limit(1)
    assert.ok(row)
    return `/confirm-email/${linkToken('email-change', row.id, row.tokenHash, this.#app.deps.config.ENCRYPTION_KEYS)}`
  }

  async #idOf(who: string): Promise<string> {
    return who.includes('@') ? (await this.#app.userNamed(who)).id : who
  }

  #demoHash(): Promise<string | null> {
    this.#passwordHash ??= this.#app
      .userNamed('admin@harbour.example')
      .then(({ passwordHash }) => passwordHash)
    return this.#passwordHash
  }
}
