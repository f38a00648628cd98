import { createHash } from 'node:crypto'
import { and, eq, gt, sql } from 'drizzle-orm'
import { type SessionData, Store } from 'express-session'
import type { Clock } from '../clock.ts'
import type { Database } from '../db/client.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { clients } from '../db/schema/clients.ts'
import { lockouts } from '../db/schema/lockouts.ts'
import { sessions } from '../db/schema/sessions.ts'
import { users } from '../db/schema/users.ts'
import { MINUTE } from '../durations.ts'
import { lockoutColumns } from '../lockout/lockouts.queries.ts'
import type { Person, Proofs } from './facts.ts'
import {
  accountOfUser,
  activeAuthenticatorOfUser,
  codeLockoutOfUser,
  personColumns,
  toPerson,
} from './person.queries.ts'

declare module 'express-session' {
  interface SessionData {
    proofs?: Proofs
    /** Where the session was begun; shown to its owner in the list of sessions. */
    begunFrom?: { address: string | null; userAgent: string | null }
    loaded?: Loaded
  }
}

/** What was read together with a session. It is never written back: its JSON is nothing. */
export class Loaded {
  readonly person: Person | null
  readonly touchedAt: Date
  /** What this very request has stored, as JSON: express-session saves a new session twice. */
  readonly stored: string | null
  constructor(person: Person | null, touchedAt: Date, stored: string | null = null) {
    this.person = person
    this.touchedAt = touchedAt
    this.stored = stored
  }
  toJSON(): undefined {
    return undefined
  }
}

/** Thrown when session, policy, role groups or authenticator cannot be read. Answered 503: never 'no MFA needed'. */
export class GateUnreadableError extends Error {
  constructor(cause: unknown) {
    super('The gate cannot read who this is', { cause })
    this.name = 'GateUnreadableError'
  }
}

export interface SessionLimits {
  idleMs: number
  absoluteMs: number
}

const TOUCH_EVERY_MS = MINUTE

/**
 * Sessions in PostgreSQL. Reading one also reads everything the gate asks about its user, in one prepared
 * query. A session that was read is only ever updated, never inserted: a slow request cannot bring back one
 * that was ended meanwhile.
 */
export class SessionStore extends Store {
  readonly #db: Database
  readonly #clock: Clock
  readonly #limits: SessionLimits
  readonly #read

  constructor(db: Database, clock: Clock, limits: SessionLimits) {
    super()
    this.#db = db
    this.#clock = clock
    this.#limits = limits
    this.#read = db
      .select({
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
  }

  override get(sid: string, done: (error: unknown, session?: SessionData | null) => void): void {
    this.#read.execute({ id: storedId(sid), now: this.#clock.now().toISOString() }).then(
      ([row]) =>
        done(
          null,
          row
            ? { ...row.data, loaded: new Loaded(toPerson(row.person, row.codeLockout), row.touchedAt) }
            : null,
        ),
      (error: unknown) => done(new GateUnreadableError(error)),
    )
  }

  override set(sid: string, session: SessionData, done: (error?: unknown) => void = () => {}): void {
    const now = this.#clock.now()
    const stored = JSON.stringify(session)
    if (session.loaded?.stored === stored) {
      done()
      return
    }
    const saved = session.loaded ? this.#update(sid, session, now) : this.#insert(sid, session, now)
    session.loaded = new Loaded(session.loaded?.person ?? null, now, stored)
    saved.then(() => done(), done)
  }

  override touch(sid: string, session: SessionData, done: (error?: unknown) => void = () => {}): void {
    const now = this.#clock.now()
    if (session.loaded && now.getTime() - session.loaded.touchedAt.getTime() < TOUCH_EVERY_MS) {
      done()
      return
    }
    this.#db
      .update(sessions)
      .set({ touchedAt: now, expiresAt: this.#expiry(session, now) })
      .where(eq(sessions.id, storedId(sid)))
      .then(() => done(), done)
  }

  override destroy(sid: string, done: (error?: unknown) => void = () => {}): void {
    this.#db
      .delete(sessions)
      .where(eq(sessions.id, storedId(sid)))
      .prepare('end_session')
      .execute()
      .then(() => done(), done)
  }

  #update(sid: string, session: SessionData, now: Date) {
    return this.#db
      .update(sessions)
      .set(this.#row(session, now))
      .where(eq(sessions.id, storedId(sid)))
      .prepare('update_session')
      .execute()
  }

  #insert(sid: string, session: SessionData, now: Date) {
    return this.#db
      .insert(sessions)
      .values({ id: storedId(sid), createdAt: now, ...session.begunFrom, ...this.#row(session, now) })
      .prepare('insert_session')
      .execute()
  }

  #row(session: SessionData, now: Date) {
    const { cookie, proofs } = session
    return {
      userId: proofs?.userId ?? null,
      data: { cookie: JSON.parse(JSON.stringify(cookie)), ...(proofs && { proofs }) },
      touchedAt: now,
      expiresAt: this.#expiry(session, now),
    }
  }

  /** Idle and absolute limit, whichever comes first. The absolute one counts from the password. */
  #expiry(session: SessionData, now: Date): Date {
    const idle = now.getTime() + this.#limits.idleMs
    const absolute = (session.proofs?.passwordAt ?? now.getTime()) + this.#limits.absoluteMs
    return new Date(Math.min(idle, absolute))
  }
}

/** The stored id: SHA-256 of the one in the cookie. */
export function storedId(sid: string): string {
  return createHash('sha256').update(sid).digest('hex')
}
