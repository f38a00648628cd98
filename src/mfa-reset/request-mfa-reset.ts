import { and, eq } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import { adminEvidence, deskEvidence } from '../access/evidence.ts'
import { judge } from '../access/judge.ts'
import type { Refusal } from '../access/refusals.ts'
import { mayResetMfa } from '../access/rules.ts'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { identifiedBy, mfaResets } from '../db/schema/mfa-resets.ts'
import type { Deps } from '../deps.ts'
import { endSessions } from '../gate/end-sessions.ts'
import type { Proofs } from '../gate/facts.ts'
import { changeLockout } from '../lockout/change-lockout.ts'
import { clear } from '../lockout/policy.ts'
import { enqueue } from '../outbox/enqueue.ts'

/** What the Service Desk has to say: also how it made sure who is asking. */
const deskResetEvidence = deskEvidence.extend({ identifiedBy: z.enum(identifiedBy.enumValues) })

export type EvidenceField = keyof z.infer<typeof deskResetEvidence>

export type ResetOutcome =
  | { ok: true; clientId: string }
  | { ok: false; refusal: Refusal }
  /** Allowed, but something that must be said is missing. */
  | { ok: false; refusal: null; missing: EvidenceField[] }

/**
 * Resets a user's MFA. Spec: "The user's MFA configuration is immediately cleared": from this commit on the old
 * authenticator and every session of the user are dead, whatever becomes of the queue. The job that follows can
 * only carry out side effects of the reset that is in the database.
 */
export async function requestMfaReset(
  deps: Deps,
  request: { actor: Proofs; targetId: string; evidence: unknown; origin: Origin },
): Promise<ResetOutcome> {
  return deps.db.transaction(async (tx): Promise<ResetOutcome> => {
    const now = deps.clock.now()
    const { actor, targetId, origin } = request
    const verdict = await judge(
      tx,
      { actor, targetId, action: 'mfa-reset.requested', now, origin },
      mayResetMfa,
    )
    if (!verdict.allowed) return { ok: false, refusal: verdict.refusal }

    const channel = verdict.actor.isServiceDesk ? 'service-desk' : 'admin'
    const evidence = (channel === 'admin' ? adminEvidence : deskResetEvidence).safeParse(request.evidence)
    if (!evidence.success) return { ok: false, refusal: null, missing: fieldsOf(evidence.error) }

    const { person } = verdict
    const authenticatorId = await revokeActiveAuthenticator(tx, person.id, now)
    // The row is locked, so only a confirmation or reset that came first can have taken it away.
    if (authenticatorId === null) return { ok: false, refusal: 'nothing-to-reset' }
    const id = uuidv7()
    const reset = {
      ...evidence.data,
      id,
      clientId: person.clientId,
      userId: person.id,
      authenticatorId,
      requestedBy: actor.userId,
      channel,
      requestedAt: now,
    } as const
    const codes = { subject: person.id, kind: 'code' as const }
    // None needs what another one answers: they go to the database together, not one after the other.
    await Promise.all([
      endSessions(tx, person.id, now),
      changeLockout(tx, codes, now, (state) => clear(state, now), person.codeLockout),
      recordReset(tx, reset, origin),
      enqueue(tx, 'complete-mfa-reset', { mfaResetId: id }),
    ])
    return { ok: true, clientId: person.clientId }
  })
}

async function recordReset(
  tx: Transaction,
  reset: Omit<typeof mfaResets.$inferInsert, 'eventId'>,
  origin: Origin,
): Promise<void> {
  const { id, clientId, userId, requestedBy, requestedAt, channel, reason, ticket, identifiedBy } = reset
  const eventId = await record(tx, {
    at: requestedAt,
    action: 'mfa-reset.requested',
    outcome: 'success',
    origin,
    clientId,
    actorId: requestedBy,
    subjectId: userId,
    details: { mfaResetId: id, channel, reason, ticket, identifiedBy },
  })
  await tx
    .insert(mfaResets)
    .values({ ...reset, eventId })
    .prepare('insert_mfa_reset')
    .execute()
}

async function revokeActiveAuthenticator(tx: Transaction, userId: string, now: Date): Promise<string | null> {
  const [revoked] = await tx
    .update(authenticators)
    .set({ status: 'revoked', revokedAt: now })
    .where(and(eq(authenticators.userId, userId), eq(authenticators.status, 'active')))
    .returning({ id: authenticators.id })
    .prepare('revoke_active_authenticator')
    .execute()
  return revoked?.id ?? null
}

function fieldsOf(error: z.ZodError): EvidenceField[] {
  return error.issues
    .map(({ path: [field] }) => field)
    .filter((field): field is EvidenceField => typeof field === 'string')
}
