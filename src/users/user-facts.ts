// What a page says about a user, from what was read. Pure. Buttons ask the rules that the acts ask.
import { targetOf } from '../access/people.ts'
import type { Refusal } from '../access/refusals.ts'
import { type Actor, mayChangeInvitation, mayResetMfa, mayUnlock } from '../access/rules.ts'
import { type Person, passwordSuffices } from '../gate/facts.ts'
import { lockInForce } from '../lockout/policy.ts'
import { DAY, MINUTE, SECOND } from '../platform/time/durations.ts'
import { type MfaStatus, mfaStatusOf } from './mfa-status.ts'

/** A user as read (user-rows.queries.ts). */
interface Read {
  person: Person
  passwordLockedUntil: Date | null
  pendingUntil: Date | null
  signedInWithCodeAt: Date | null
  passwordAcceptedAt: Date | null
  reset: { status: 'requested' | 'completed'; requestedAt: Date } | null
}

/** How far a reset is: asked for, carried out, and followed by a new enrolment. */
export type ResetStep = 'requested' | 'completed' | 're-enrolled'

export interface UserFacts {
  id: string
  name: string
  email: string
  status: Person['status']
  client: { id: string; name: string }
  roleGroups: string[]
  mfa: MfaStatus
  reset: { step: ResetStep; at: Date } | null
  /** Milliseconds after which the row is worth another look; null while nothing is about to change. */
  lookAgainMs: number | null
  lockedUntil: Date | null
  lastSignInAt: Date | null
  /** Why not; null: allowed. */
  resetRefusal: Refusal | null
  unlockRefusal: Refusal | null
  invitationRefusal: Refusal | null
}

/** How a user stands to the viewer, for the rules: the relation of the accounts, and who is tied to the viewer. */
export type Standing = Parameters<typeof targetOf>[2]

/** The facts of a user as `actor` may see and change them at `now`. */
export function userFacts(read: Read, actor: Actor, standing: Standing, now: Date): UserFacts {
  const { person, passwordLockedUntil, pendingUntil } = read
  const target = targetOf(person, passwordLockedUntil, standing, now)
  const reset = resetOf(read, now)
  return {
    id: person.id,
    name: person.name,
    email: person.email,
    status: person.status,
    client: { id: person.clientId, name: person.clientName },
    roleGroups: person.roleGroups.map(({ name }) => name),
    mfa: mfaStatusOf(person, pendingUntil, now),
    reset,
    lookAgainMs: lookAgain(reset, now),
    lockedUntil: latest([
      lockInForce(person.codeLockout, now),
      passwordLockedUntil && passwordLockedUntil > now ? passwordLockedUntil : null,
    ]),
    lastSignInAt: lastSignIn(read),
    resetRefusal: mayResetMfa(actor, target),
    unlockRefusal: mayUnlock(actor, target),
    invitationRefusal: mayChangeInvitation(actor, target),
  }
}

/** A reset revokes what was active, so what is active now came after it. That is news for a day. */
function resetOf({ person, reset }: Read, now: Date): UserFacts['reset'] {
  if (!reset) return null
  const enrolledAt = person.authenticator?.activatedAt ?? null
  if (enrolledAt === null) return { step: reset.status, at: reset.requestedAt }
  return now.getTime() - enrolledAt.getTime() < DAY ? { step: 're-enrolled', at: enrolledAt } : null
}

/** A reset is watched while its job is due, then at leisure until the user may have enrolled again; not for ever. */
function lookAgain(reset: UserFacts['reset'], now: Date): number | null {
  if (!reset || reset.step === 're-enrolled') return null
  if (now.getTime() - reset.at.getTime() > 10 * MINUTE) return null
  return reset.step === 'requested' ? 2 * SECOND : 10 * SECOND
}

/** Of whom more than the password is asked, that alone is half-way. */
function lastSignIn({ person, signedInWithCodeAt, passwordAcceptedAt }: Read): Date | null {
  return latest([signedInWithCodeAt, passwordSuffices(person) ? passwordAcceptedAt : null])
}

function latest(instants: readonly (Date | null)[]): Date | null {
  return instants.reduce<Date | null>((last, at) => (at && (!last || at > last) ? at : last), null)
}
