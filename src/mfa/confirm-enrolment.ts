import { and, asc, eq, inArray } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { endSessions } from '../gate/end-sessions.ts'
import type { Person } from '../gate/facts.ts'
import { holdSession } from '../gate/hold-session.ts'
import { readStage } from '../gate/read-stage.ts'
import { erased } from '../gate/revoke-pending-authenticator.ts'
import { limitedByAddress } from '../lockout/address-limit.ts'
import { changeLockout } from '../lockout/change-lockout.ts'
import { codeLockOf, giveBack } from '../lockout/policy.ts'
import { givingBackOnError, spendAttempt, whileUnderWay } from '../lockout/spend-attempt.ts'
import { byOneself, type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { notify } from '../platform/mail/notify.ts'
import { type CodeOutcome, failCode, refuseCode } from './fail-code.ts'
import { readPendingAuthenticator } from './pending-authenticator.queries.ts'
import { matchingStep } from './totp.ts'

export type EnrolmentOutcome =
  | { ok: true; authenticatorId: string; epoch: number }
  | Extract<CodeOutcome, { ok: false }>

const ENROLLED = { action: 'authenticator.enrolled', kind: 'authenticator-enrolled' } as const
const REPLACED = { action: 'authenticator.replaced', kind: 'authenticator-replaced' } as const

/** Activates the pending authenticator, and ends the one it replaces with all other sessions. The code is used up by it. */
export function confirmEnrolment(
  deps: Deps,
  person: Person,
  session: ActingSession,
  code: string,
  origin: Origin,
): Promise<EnrolmentOutcome> {
  return limitedByAddress(deps, origin, () => confirmOnAccount(deps, person, session, code, origin))
}

async function confirmOnAccount(
  deps: Deps,
  person: Person,
  session: ActingSession,
  code: string,
  origin: Origin,
): Promise<EnrolmentOutcome> {
  const { db, clock } = deps
  const [pending, isOver] = await Promise.all([
    readPendingAuthenticator(deps, db, session),
    hasEnded(deps, session),
  ])
  if (!pending || isOver) return { ok: false, problem: 'superseded' }

  const key = { subject: person.id, kind: 'code' as const }
  const attempt = await spendAttempt(deps, { key, known: person.codeLockout, person })
  if (attempt.answer === 'refused') return refuseCode(deps, person, 'enrol', attempt.until, origin)

  return whileUnderWay(attempt, async () => {
    const step = matchingStep(pending.secret, code, clock.now())
    if (step === null) {
      const { sessionId } = session
      return failCode(deps, person, { purpose: 'enrol', sessionId }, attempt, origin)
    }

    const activateAndRecord = async (tx: Transaction): Promise<EnrolmentOutcome> => {
      const held = await holdSession(deps, tx, session)
      const change = { pendingId: pending.id, replacedId: person.authenticator?.id, step }
      const activatedAt = held && (await activate(deps, tx, change))
      const now = activatedAt ?? clock.now()
      // Older failures stay: the code count clears only when a sign-in completes.
      await changeLockout(tx, key, now, (state) => {
        const without = giveBack(state, attempt.spentAt)
        return activatedAt ? { ...without, consecutiveFailures: 0 } : without
      })
      if (!activatedAt) return { ok: false, problem: 'superseded' }

      const { action, kind } = person.authenticator ? REPLACED : ENROLLED
      const eventId = await record(tx, { ...byOneself(person, now, origin), action })
      await notify(tx, { to: person.id, kind, eventId, facts: {} })
      const epoch = person.authenticator
        ? await endSessions(tx, person.id, now, 'authenticator-replaced', session.sessionId)
        : person.sessionEpoch
      return { ok: true, authenticatorId: pending.id, epoch }
    }
    return givingBackOnError(deps, attempt, () => db.transaction(activateAndRecord))
  })
}

/** Asks the stage again, before the attempt is spent. During a lock the code is refused as locked. */
async function hasEnded(deps: Deps, session: ActingSession): Promise<boolean> {
  const { stage, person } = await readStage(deps, session)
  const isHere = stage === 'enrol' || stage === 'signed-in'
  return !person || (!isHere && !codeLockOf(person, deps.clock.now()))
}

/** Returns the time of the activation; null if the secret was confirmed or revoked meanwhile. */
async function activate(
  { clock }: Pick<Deps, 'clock'>,
  tx: Transaction,
  { pendingId, replacedId, step }: { pendingId: string; replacedId: string | undefined; step: number },
): Promise<Date | null> {
  const ids = replacedId === undefined ? [pendingId] : [pendingId, replacedId]
  const locked = await tx
    .select()
    .from(authenticators)
    .where(inArray(authenticators.id, ids))
    .orderBy(asc(authenticators.id))
    .for('update')
  // After the lock: a code of the old one that is being accepted comes first, also in the audit log.
  const now = clock.now()
  const pending = locked.find(({ id }) => id === pendingId)
  if (pending?.status !== 'pending' || pending.pendingUntil <= now) return null

  // The old one first: a user has one active authenticator at most.
  if (replacedId !== undefined)
    await tx
      .update(authenticators)
      .set(erased(now))
      .where(and(eq(authenticators.id, replacedId), eq(authenticators.status, 'active')))
  await tx
    .update(authenticators)
    .set({ status: 'active', activatedAt: now, begunInSession: null, lastAcceptedStep: step })
    .where(eq(authenticators.id, pendingId))
  return now
}
