import { createHash } from 'node:crypto'
import { and, eq, gt, sql } from 'drizzle-orm'
import type { Request } from 'express'
import { type SessionData, Store } from 'express-session'
import type { Deps } from '../deps.ts'
import { lockoutColumns } from '../lockout/lockouts.queries.ts'
import type { Database } from '../platform/db/client.ts'
import { given } from '../platform/db/prepared-once.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { users } from '../platform/db/schema/users.ts'
import type { Clock } from '../platform/time/clock.ts'
import { UnavailableError } from '../platform/unavailable-error.ts'
import type { Proofs } from './facts.ts'
import {
  accountOfUser,
  activeAuthenticatorOfUser,
  codeLockoutOfUser,
  personColumns,
  toPerson,
} from './person-row.ts'
import { SessionMetadata } from './session-metadata.ts'
import { type SessionLimits, sessionExpiry, touchSession } from './touch-session.ts'

declare module 'express-session' {
  interface SessionData {
    proofs?: Proofs
    begunFrom?: { address: string | null; userAgent: string | null }
    metadata?: SessionMetadata
  }
}

/** Thrown when session, policy, role groups or authenticator cannot be read. That never means 'no MFA needed'. */
export class GateUnreadableError extends UnavailableError {
  constructor(cause: unknown) {
    super('The gate cannot read who this is', { cause })
    this.name = 'GateUnreadableError'
  }
}

/**
 * Sessions in PostgreSQL, read together with the user in one prepared query. A session that was read is only updated,
 * never inserted: a slow request cannot bring back a session that has ended.
 */
export class SessionStore extends Store {
  /** Set by express-session: a new id and an empty session for the request. */
  declare generate: (req: Request) => void
  readonly #db: Database
  readonly #clock: Clock
  readonly #limits: SessionLimits
  readonly #read
  readonly #insert
  readonly #update

  constructor({ gateDb, db, clock }: Pick<Deps, 'gateDb' | 'db' | 'clock'>, limits: SessionLimits) {
    super()
    this.#db = db
    this.#clock = clock
    this.#limits = limits
    this.#read = gateDb
      .select({
        userId: sessions.userId,
        data: sessions.data,
        touchedAt: sessions.touchedAt,
        person: personColumns,
        codeLockout: lockoutColumns,
      })
      .from(sessions)
      .leftJoin(users, eq(users.id, sessions.userId))
      .leftJoin(clients, accountOfUser)
      .leftJoin(authenticators, activeAuthenticatorOfUser)
      .leftJoin(lockouts, codeLockoutOfUser)
      .where(and(eq(sessions.id, sql.placeholder('id')), gt(sessions.expiresAt, sql.placeholder('now'))))
      .prepare('read_session')
    this.#insert = db
      .insert(sessions)
      .values({
        id: sql.placeholder('id'),
        userId: sql.placeholder('userId'),
        data: sql.placeholder('data'),
        address: sql.placeholder('address'),
        userAgent: sql.placeholder('userAgent'),
        createdAt: sql.placeholder('touchedAt'),
        touchedAt: sql.placeholder('touchedAt'),
        expiresAt: sql.placeholder('expiresAt'),
      })
      .prepare('insert_session')
    this.#update = db
      .update(sessions)
      .set({
        id: given('id', sessions.id),
        userId: given('userId', sessions.userId),
        data: given('data', sessions.data),
        // Set only by the request that signs in.
        address: sql`coalesce(${given('address', sessions.address)}, ${sessions.address})`,
        userAgent: sql`coalesce(${given('userAgent', sessions.userAgent)}, ${sessions.userAgent})`,
        touchedAt: given('touchedAt', sessions.touchedAt),
        expiresAt: given('expiresAt', sessions.expiresAt),
      })
      .where(eq(sessions.id, sql.placeholder('storedAs')))
      .prepare('update_session')
  }

  override get(sid: string, done: (error: unknown, session?: SessionData | null) => void): void {
    const id = storedId(sid)
    this.#read.execute({ id, now: this.#clock.now().toISOString() }).then(
      ([row]) =>
        done(
          null,
          row
            ? {
                ...row.data,
                metadata: new SessionMetadata(
                  { id, userId: row.userId },
                  toPerson(row.person, row.codeLockout),
                  row.touchedAt,
                ),
              }
            : null,
        ),
      (error: unknown) => done(new GateUnreadableError(error)),
    )
  }

  /** A new id and an empty session. Saving it updates the row, so that the old id opens nothing. */
  override regenerate(req: Request, done: (error?: unknown) => void): void {
    const { metadata } = req.session
    this.generate(req)
    if (metadata) req.session.metadata = metadata
    done()
  }

  override set(sid: string, session: SessionData, done: (error?: unknown) => void = () => {}): void {
    const now = this.#clock.now()
    const stored = JSON.stringify(session)
    if (session.metadata?.stored === stored) {
      done()
      return
    }
    const row = this.#row(sid, session, now)
    const { metadata } = session
    const saved =
      metadata && metadata.userId === row.userId
        ? this.#update.execute({ ...row, storedAs: metadata.id })
        : this.#begin(row, metadata)
    session.metadata = new SessionMetadata(row, metadata?.person ?? null, now, stored)
    saved.then(() => done(), done)
  }

  override touch(sid: string, session: SessionData, done: (error?: unknown) => void = () => {}): void {
    const now = this.#clock.now()
    const { metadata, proofs } = session
    const touchedAt = metadata?.touchedAt ?? new Date(0)
    touchSession(this.#db, this.#limits, { id: storedId(sid), touchedAt, proofs }, now).then(
      () => done(),
      done,
    )
  }

  override destroy(sid: string, done: (error?: unknown) => void = () => {}): void {
    this.#db
      .delete(sessions)
      .where(eq(sessions.id, storedId(sid)))
      .prepare('end_session')
      .execute()
      .then(() => done(), done)
  }

  async #begin(row: Record<string, unknown>, before: SessionMetadata | undefined): Promise<void> {
    // The passes and grants of another person, who was signed in to this browser, must not become this person's.
    if (before) await this.#db.delete(sessions).where(eq(sessions.id, before.id))
    await this.#insert.execute(row)
  }

  #row(sid: string, session: SessionData, now: Date) {
    const { cookie, proofs, begunFrom } = session
    return {
      id: storedId(sid),
      userId: proofs?.userId ?? null,
      data: { cookie: JSON.parse(JSON.stringify(cookie)), ...(proofs && { proofs }) },
      address: begunFrom?.address ?? null,
      userAgent: begunFrom?.userAgent ?? null,
      touchedAt: now,
      expiresAt: sessionExpiry(this.#limits, proofs, now),
    }
  }
}

export function storedId(sid: string): string {
  return createHash('sha256').update(sid).digest('hex')
}
