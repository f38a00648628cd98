import { and, eq, sql } from 'drizzle-orm'
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
import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { given, preparedOnce } from '../platform/db/prepared-once.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { identifiedBy, mfaResets } from '../platform/db/schema/mfa-resets.ts'
import { wrongFields } from '../platform/http/typed-text.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'

/** What the Service Desk has to say: also how it made sure who is asking. */
const deskResetEvidence = deskEvidence.extend({ identifiedBy: z.enum(identifiedBy.enumValues) })

export const RESET_FIELDS = [...EVIDENCE_FIELDS, 'identifiedBy'] as const
export type ResetField = (typeof RESET_FIELDS)[number]

export type ResetOutcome = UserOutcome<ResetField>

/**
 * Resets a user's MFA. Spec: "The user's MFA configuration is immediately cleared": from this commit on the old
 * authenticator and every session of the user are dead, whatever becomes of the queue. The job that follows can
 * only carry out side effects of the reset that is in the database.
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

    const { targetPerson: person } = verdict
    const { authenticator } = person
    if (!authenticator) throw new Error('the rule let somebody be reset who has no authenticator')
    // A code that is being accepted comes first, also in the audit log.
    await lockAuthenticator(tx, authenticator.id)
    const now = deps.clock.now()
    const id = uuidv7()
    const reset = {
      ...evidence.data,
      id,
      clientId: person.clientId,
      userId: person.id,
      authenticatorId: authenticator.id,
      requestedBy: actor.userId,
      channel,
      requestedAt: now,
    } as const
    const codes = { subject: person.id, kind: 'code' as const }
    const by = { at: now, clientId: person.clientId, actorId: actor.userId, origin }
    // None needs what another one answers: they go to the database together, not one after the other.
    const [revoked] = await Promise.all([
      revokeAuthenticator(tx, authenticator.id, now),
      endSessions(tx, person.id, now),
      endKnownBrowsers(tx, person.id, now),
      clearLockout(tx, codes, { ...by, through: 'mfa-reset' }, person.codeLockout),
      recordReset(tx, reset, origin),
      enqueue(tx, 'complete-mfa-reset', { mfaResetId: id }),
    ])
    // Nothing makes one active, or takes it away, without the lock on its owner, which this transaction holds.
    if (!revoked) throw new Error('an authenticator was changed behind the lock on its owner')
    return { ok: true, clientId: person.clientId }
  })
}

async function recordReset(
  tx: Transaction,
  reset: Omit<typeof mfaResets.$inferInsert, 'eventId'>,
  origin: Origin,
): Promise<void> {
  const { id, clientId, userId, requestedBy, requestedAt, channel, reason, ticket, identifiedBy } = reset
  const eventId = uuidv7()
  await Promise.all([
    record(tx, {
      id: eventId,
      at: requestedAt,
      action: 'mfa-reset.requested',
      outcome: 'success',
      origin,
      clientId,
      actorId: requestedBy,
      subjectId: userId,
      details: { mfaResetId: id, channel, reason, ticket, identifiedBy },
    }),
    insertReset(tx).execute({
      ...reset,
      ticket: ticket ?? null,
      identifiedBy: identifiedBy ?? null,
      eventId,
    }),
  ])
}

const insertReset = preparedOnce((tx: Transaction) =>
  tx
    .insert(mfaResets)
    .values({
      id: sql.placeholder('id'),
      clientId: sql.placeholder('clientId'),
      userId: sql.placeholder('userId'),
      authenticatorId: sql.placeholder('authenticatorId'),
      requestedBy: sql.placeholder('requestedBy'),
      eventId: sql.placeholder('eventId'),
      channel: sql.placeholder('channel'),
      reason: sql.placeholder('reason'),
      ticket: sql.placeholder('ticket'),
      identifiedBy: sql.placeholder('identifiedBy'),
      requestedAt: sql.placeholder('requestedAt'),
    })
    .prepare('insert_mfa_reset'),
)

function lockAuthenticator(tx: Transaction, authenticatorId: string) {
  return tx
    .select({ id: authenticators.id })
    .from(authenticators)
    .where(eq(authenticators.id, authenticatorId))
    .for('no key update')
    .prepare('lock_authenticator')
    .execute()
}

/** False if it is not active. */
async function revokeAuthenticator(tx: Transaction, authenticatorId: string, now: Date): Promise<boolean> {
  const revoked = await revokeActive(tx).execute({ authenticatorId, now })
  return revoked.length === 1
}

const revokeActive = preparedOnce((tx: Transaction) =>
  tx
    .update(authenticators)
    .set({ status: 'revoked', revokedAt: given('now', authenticators.revokedAt) })
    .where(
      and(eq(authenticators.id, sql.placeholder('authenticatorId')), eq(authenticators.status, 'active')),
    )
    .returning({ id: authenticators.id })
    .prepare('revoke_authenticator'),
)
