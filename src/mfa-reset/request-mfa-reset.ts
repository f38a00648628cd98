import { and, eq } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import { actOnUser, type UserOutcome, type UserRequest } from '../access/act-on-user.ts'
import { adminEvidence, deskEvidence, EVIDENCE_FIELDS, evidenceReader } from '../access/evidence.ts'
import { mayResetMfa } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { endSessions } from '../gate/end-sessions.ts'
import { clearLockout } from '../lockout/clear-lockout.ts'
import { endKnownBrowsers } from '../lockout/end-known-browsers.ts'
import { record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { identifiedBy, mfaResets } from '../platform/db/schema/mfa-resets.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'

/** The Service Desk also states how it identified the person who asks. */
const deskResetEvidence = deskEvidence.extend({ identifiedBy: z.enum(identifiedBy.enumValues) })

export const RESET_FIELDS = [...EVIDENCE_FIELDS, 'identifiedBy'] as const
export type ResetField = (typeof RESET_FIELDS)[number]

const readResetEvidence = evidenceReader(adminEvidence, deskResetEvidence, RESET_FIELDS)

/**
 * Resets a user's MFA. Spec: "The user's MFA configuration is immediately cleared": the old authenticator and every
 * session of the user end with this commit, whatever happens to the queue.
 */
export function requestMfaReset(deps: Deps, request: UserRequest): Promise<UserOutcome<ResetField>> {
  return actOnUser(deps, request, {
    action: 'mfa-reset.requested',
    rule: mayResetMfa,
    readEvidence: readResetEvidence,
    carryOut: async (tx, { id: userId, clientId, authenticator }, event) => {
      if (!authenticator) throw new Error('the rule allowed a reset without an authenticator')
      // A code that is being accepted comes first, also in the audit log: the time is taken after the lock.
      await lockAuthenticator(tx, authenticator.id)
      const now = deps.clock.now()

      await revokeAuthenticator(tx, authenticator.id, now)
      await endSessions(tx, userId, now, 'mfa-reset')
      await endKnownBrowsers(tx, userId, now)

      const mfaResetId = uuidv7()
      const { actorId, origin, details: evidence } = event
      const eventId = await record(tx, { ...event, at: now, details: { mfaResetId, ...evidence } })
      await tx.insert(mfaResets).values({
        ...evidence,
        id: mfaResetId,
        clientId,
        userId,
        authenticatorId: authenticator.id,
        requestedBy: actorId,
        eventId,
        requestedAt: now,
      })
      const by = { at: now, clientId, actorId, origin, through: 'mfa-reset' } as const
      await clearLockout(tx, { subject: userId, kind: 'code' }, by)
      await enqueue(tx, 'complete-mfa-reset', { mfaResetId })
    },
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
