// What pages show of a user, and what the viewer may do. Buttons ask the rules that the commands ask. Pure.
import { targetOf } from '../access/people.ts'
import { REFUSALS, type Refusal } from '../access/refusals.ts'
import {
  type Actor,
  mayAdminister,
  mayChangeInvitation,
  mayChangeProfile,
  mayChangeRoleGroups,
  mayDisable,
  mayEnable,
  mayEndSessions,
  mayErase,
  mayResetMfa,
  mayUnlock,
  type Target,
} from '../access/rules.ts'
import type { Person } from '../gate/facts.ts'
import { lockInForce } from '../lockout/policy.ts'
import { DAY, MINUTE, SECOND } from '../platform/time/durations.ts'
import { mfaStatusOf } from './mfa-status.ts'

/** A user with everything that a list shows of them, as read. */
export interface UserRow {
  person: Person
  passwordLockedUntil: Date | null
  pendingUntil: Date | null
  lastSignInAt: Date | null
  /** The latest invitation of an invited user. */
  invitation: { expiresAt: Date; usedAt: Date | null } | null
  reset: { status: 'requested' | 'completed'; requestedAt: Date } | null
}

export type Standing = Parameters<typeof targetOf>[2]

interface ResetProgress {
  step: 'requested' | 'completed' | 're-enrolled'
  at: Date
}

export function userView(row: UserRow, actor: Actor, standing: Standing, now: Date) {
  const { person, passwordLockedUntil, pendingUntil } = row
  const reset = resetProgress(row, now)
  const resetRefusal = mayResetMfa(actor, targetOf(person, passwordLockedUntil, standing, now))
  return {
    id: person.id,
    name: person.name,
    email: person.email,
    status: person.status,
    client: { id: person.clientId, name: person.clientName },
    roleGroups: person.roleGroups.map(({ name }) => name),
    mfa: mfaStatusOf(person, pendingUntil, now),
    reset,
    pollMs: pollInterval(reset, now),
    lockedUntil: lockedUntilOf(row, now),
    lastSignInAt: row.lastSignInAt,
    /** Why the page of the user has no reset button; empty if it has one. */
    resetSentence: resetSentence(resetRefusal),
    /** The same in a list; empty where the row or the top of the page already says so. */
    resetNote:
      resetRefusal === 'nothing-to-reset' || resetRefusal === 'parents-only-look'
        ? ''
        : resetSentence(resetRefusal),
  }
}

/** The end of the lock in force that lasts longest; null without one. */
export function lockedUntilOf(
  { person, passwordLockedUntil }: Pick<UserRow, 'person' | 'passwordLockedUntil'>,
  now: Date,
): Date | null {
  const locks = [lockInForce(person.codeLockout, now), passwordLockedUntil]
  const until = Math.max(...locks.map((lock) => lock?.getTime() ?? 0))
  return until > now.getTime() ? new Date(until) : null
}

/** Active again after a reset means enrolled again, because a reset revokes the authenticator. Shown for a day. */
function resetProgress({ person, reset }: UserRow, now: Date): ResetProgress | null {
  if (!reset) return null
  const enrolledAt = person.authenticator?.activatedAt ?? null
  if (enrolledAt === null) return { step: reset.status, at: reset.requestedAt }
  return now.getTime() - enrolledAt.getTime() < DAY ? { step: 're-enrolled', at: enrolledAt } : null
}

/** Milliseconds between polls of the row; null if nothing is about to change. */
function pollInterval(reset: ResetProgress | null, now: Date): number | null {
  if (!reset || reset.step === 're-enrolled') return null
  if (now.getTime() - reset.at.getTime() > 10 * MINUTE) return null
  return reset.step === 'requested' ? 2 * SECOND : 10 * SECOND
}

function resetSentence(refusal: Refusal | null): string {
  if (refusal === null) return ''
  // The sentence of the refusal is worded for a command that came too late.
  return refusal === 'nothing-to-reset' ? 'There is no authenticator to reset.' : REFUSALS[refusal].sentence
}

export function userActions(actor: Actor, target: Target) {
  return {
    any: mayAdminister(actor, target) === null,
    reset: mayResetMfa(actor, target) === null,
    unlock: mayUnlock(actor, target) === null,
    changeProfile: mayChangeProfile(actor, target) === null,
    changeRoleGroups: mayChangeRoleGroups(actor, target) === null,
    changeInvitation: mayChangeInvitation(actor, target) === null,
    endSessions: mayEndSessions(actor, target) === null,
    disable: mayDisable(actor, target) === null,
    enable: mayEnable(actor, target) === null,
    erase: mayErase(actor, target) === null,
  }
}
