import { eq } from 'drizzle-orm'
import type { ActOutcome } from '../access/act-outcome.ts'
import { readEvidence } from '../access/evidence.ts'
import { judge } from '../access/judge.ts'
import { mayDisable, mayEnable } from '../access/rules.ts'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { users } from '../db/schema/users.ts'
import type { Deps } from '../deps.ts'
import { endSessions } from '../gate/end-sessions.ts'
import type { Person, Proofs } from '../gate/facts.ts'
import { notify } from '../notifications/notify.ts'

export interface DisablingRequest {
  actor: Proofs
  targetId: string
  form: unknown
  origin: Origin
}

/**
 * Shuts a user out: from this commit on every session and half-way sign-in of theirs is dead, and no password opens
 * a new one. Their authenticator, role groups and locks stay as they are.
 */
export function disableUser(deps: Deps, request: DisablingRequest): Promise<ActOutcome> {
  return deps.db.transaction((tx) => act(tx, deps, request, DISABLING))
}

/** Lets a disabled user in again. Who was never active is invited as before: MFA and all that is asked of them stays. */
export function enableUser(deps: Deps, request: DisablingRequest): Promise<ActOutcome> {
  return deps.db.transaction((tx) => act(tx, deps, request, ENABLING))
}

const DISABLING = {
  action: 'user.disabled',
  rule: mayDisable,
  kind: 'account-disabled',
  async apply(tx: Transaction, { id, status }: Person, now: Date) {
    await tx.update(users).set({ status: 'disabled' }).where(eq(users.id, id))
    await endSessions(tx, id, now)
    return status === 'active'
  },
} as const

const ENABLING = {
  action: 'user.enabled',
  rule: mayEnable,
  kind: 'account-enabled',
  async apply(tx: Transaction, { id }: Person) {
    const [user] = await tx.select({ activatedAt: users.activatedAt }).from(users).where(eq(users.id, id))
    // Active without ever having been it would skip what an invited person has to do first.
    const status = user?.activatedAt ? 'active' : 'invited'
    await tx.update(users).set({ status }).where(eq(users.id, id))
    return status === 'active'
  },
} as const

async function act(
  tx: Transaction,
  { clock }: Pick<Deps, 'clock'>,
  { actor, targetId, form, origin }: DisablingRequest,
  { action, rule, kind, apply }: typeof DISABLING | typeof ENABLING,
): Promise<ActOutcome> {
  const now = clock.now()
  const verdict = await judge(tx, { actor, targetId, action, now, origin }, rule)
  if (!verdict.allowed) return { ok: false, refusal: verdict.refusal }
  const { evidence, missing } = readEvidence(verdict.actor, form, { adminsSayWhy: true })
  if (!evidence) return { ok: false, refusal: null, missing }

  const { id, clientId } = verdict.targetPerson
  const wasEverActive = await apply(tx, verdict.targetPerson, now)
  const eventId = await record(tx, {
    at: now,
    action,
    outcome: 'success',
    origin,
    clientId,
    actorId: actor.userId,
    subjectId: id,
    details: evidence,
  })
  // Whoever never came in is not told of a door.
  if (wasEverActive) await notify(tx, { to: id, kind, eventId, facts: {} })
  return { ok: true }
}
