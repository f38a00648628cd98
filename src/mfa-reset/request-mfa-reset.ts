import { and, eq } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import type { UserOutcome, UserRequest } from '../access/act-on-user.ts'
import { adminEvidence, channelOf, deskEvidence, EVIDENCE_FIELDS } from '../access/evidence.ts'
import { judge } from '../access/judge.ts'
import { mayResetMfa } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { endSessions } from '../gate/end-sessions.ts'
import { clearLockout } from '../lockout/clear-lockout.ts'
import { endKnownBrowsers } from '../lockout/end-known-browsers.ts'
import { record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { identifiedBy, mfaResets } from '../platform/db/schema/mfa-resets.ts'
import { wrongFields } from '../platform/http/typed-text.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'

/** The Service Desk also states how it identified the person who asks. */
const deskResetEvidence = deskEvidence.extend({ identifiedBy: z.enum(identifiedBy.enumValues) })

export const RESET_FIELDS = [...EVIDENCE_FIELDS, 'identifiedBy'] as const
export type ResetField = (typeof RESET_FIELDS)[number]

export type ResetOutcome = UserOutcome<ResetField>

/**
 * Resets a user's MFA. Spec: "The user's MFA configuration is immediately cleared": the old authenticator and every
 * session of the user end with this commit, whatever happens to the queue.
 */
export async function requestMfaReset(deps: Deps, request: UserRequest): Promise<ResetOutcome> {
  return deps.db.transaction(async (tx): Promise<ResetOutcome> => {
    const { actor, targetId, origin } = request
    const about = { actor, targetId, action: 'mfa-reset.requested', origin } as const
    const verdict = await judge(deps, tx, about, mayResetMfa)
    if (!verdict.ok) return verdict
    const channel = channelOf(verdict.actor)
    const evidence = (channel === 'admin' ? adminEvidence : deskResetEvidence).safeParse(request.form)
    if (!evidence.success)
      return { ok: false, refusal: null, missing: wrongFields(evidence.error, RESET_FIELDS) }

    const { id: userId, clientId, authenticator, codeLockout } = verdict.targetPerson
    if (!authenticator) throw new Error('the rule allowed a reset without an authenticator')
    // A code that is being accepted comes first, also in the audit log: the time is taken after the lock.
    await lockAuthenticator(tx, authenticator.id)
    const now = deps.clock.now()

    await revokeAuthenticator(tx, authenticator.id, now)
    await endSessions(tx, userId, now)
    await endKnownBrowsers(tx, userId, now)

    const mfaResetId = uuidv7()
    const by = { at: now, clientId, actorId: actor.userId, origin }
    const eventId = await record(tx, {
      ...by,
      action: 'mfa-reset.requested',
      outcome: 'success',
      subjectId: userId,
      details: { mfaResetId, channel, ...evidence.data },
    })
    await tx.insert(mfaResets).values({
      ...evidence.data,
      id: mfaResetId,
      clientId,
      userId,
      authenticatorId: authenticator.id,
      requestedBy: actor.userId,
      eventId,
      channel,
      requestedAt: now,
    })
    await clearLockout(tx, { subject: userId, kind: 'code' }, { ...by, through: 'mfa-reset' }, codeLockout)
    await enqueue(tx, 'complete-mfa-reset', { mfaResetId })
    return { ok: true, clientId }
  })
}

async function lockAuthenticator(tx: Transaction, authenticatorId: string): Promise<void> {
  await tx
    .select({ id: authenticators.id })
    .from(authenticators)
    .where(eq(authenticators.id, authenticatorId))
    .for('no key update')
}

async function revokeAuthenticator(tx: Transaction, authenticatorId: string, now: Date): Promise<void> {
  const revoked = await tx
    .update(authenticators)
    .set({ status: 'revoked', revokedAt: now })
    .where(and(eq(authenticators.id, authenticatorId), eq(authenticators.status, 'active')))
    .returning({ id: authenticators.id })
  if (revoked.length === 0) throw new Error('an authenticator changed without the lock on its user')
}
