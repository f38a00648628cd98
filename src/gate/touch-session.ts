import { eq, inArray } from 'drizzle-orm'
import type { Database } from '../platform/db/client.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { MINUTE } from '../platform/time/durations.ts'
import type { Proofs } from './facts.ts'

export interface SessionLimits {
  idleMs: number
  absoluteMs: number
}

export interface UsedSession {
  /** As stored. */
  id: string
  touchedAt: Date
  proofs: Pick<Proofs, 'passwordAt'> | undefined
}

export function sessionLimitsOf(config: { SESSION_IDLE: number; SESSION_ABSOLUTE: number }): SessionLimits {
  return { idleMs: config.SESSION_IDLE, absoluteMs: config.SESSION_ABSOLUTE }
}

/** The idle or the absolute limit, whichever is first. The absolute limit counts from the password. */
export function sessionExpiry(limits: SessionLimits, proofs: UsedSession['proofs'], now: Date): Date {
  const idle = now.getTime() + limits.idleMs
  const absolute = (proofs?.passwordAt ?? now.getTime()) + limits.absoluteMs
  return new Date(Math.min(idle, absolute))
}

/** Extends a session that is used. Writes once a minute at most. */
export async function touchSession(
  db: Database,
  limits: SessionLimits,
  { id, touchedAt, proofs }: UsedSession,
  now: Date,
): Promise<void> {
  if (now.getTime() - touchedAt.getTime() < Math.min(MINUTE, limits.idleMs / 10)) return
  // A locked row is about to be ended or written anyway.
  const unlocked = db
    .select({ id: sessions.id })
    .from(sessions)
    .where(eq(sessions.id, id))
    .for('no key update', { skipLocked: true })
  await db
    .update(sessions)
    .set({ touchedAt: now, expiresAt: sessionExpiry(limits, proofs, now) })
    .where(inArray(sessions.id, unlocked))
    .prepare('touch_session')
    .execute()
}
