import type { ActRequest } from '../access/act-request.ts'
import { channelOf } from '../access/evidence.ts'
import { judgeWithinAccount } from '../access/judge.ts'
import type { Outcome } from '../access/outcome.ts'
import { mayRemind } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { record } from '../platform/audit/record.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'

/** Has everyone reminded who must still set up MFA, each at most once a day. A job sends the mails. */
export function requestMfaReminders(
  deps: Deps,
  { actor, clientId, origin }: Omit<ActRequest, 'form'> & { clientId: string },
): Promise<Outcome> {
  return deps.db.transaction(async (tx): Promise<Outcome> => {
    const about = { actor, clientId, action: 'mfa.reminded', origin } as const
    const verdict = await judgeWithinAccount(deps, tx, about, mayRemind)
    if (!verdict.ok) return verdict
    const eventId = await record(tx, {
      at: verdict.now,
      action: about.action,
      outcome: 'success',
      origin,
      clientId: verdict.account.id,
      actorId: actor.userId,
      subjectId: null,
      details: { channel: channelOf(verdict.actor) },
    })
    await enqueue(tx, 'remind-of-mfa', { clientId: verdict.account.id, eventId })
    return { ok: true }
  })
}
