import { and, eq, isNull, ne } from 'drizzle-orm'
import type { ActOutcome } from '../access/act-outcome.ts'
import { readEvidence } from '../access/evidence.ts'
import { judge } from '../access/judge.ts'
import { mayChangeInvitation } from '../access/rules.ts'
import type { AuditAction } from '../audit/actions.ts'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { invitations, passwordResets } from '../db/schema/links.ts'
import { memberships } from '../db/schema/role-groups.ts'
import { users } from '../db/schema/users.ts'
import type { Deps } from '../deps.ts'
import { endSessions } from '../gate/end-sessions.ts'
import type { Person, Proofs } from '../gate/facts.ts'
import { shredded } from '../mfa/shredded.ts'
import { sendInvitations } from './send-invitations.ts'

export interface InvitationRequest {
  actor: Proofs
  targetId: string
  form: unknown
  origin: Origin
}

export type InvitationOutcome = ActOutcome<{ clientId: string }>

/**
 * Sends an invitation again. The old link dies, and with it whatever was begun through it: a password that somebody
 * chose, an authenticator, a half-way sign-in. The new mail goes to the address of the user and nowhere else.
 */
export function resendInvitation(deps: Deps, request: InvitationRequest): Promise<InvitationOutcome> {
  return act(deps, request, 'invitation.resent', async (tx, person, { now, details }) => {
    await closeInvitation(tx, person.id, now)
    await sendInvitations(
      tx,
      { keys: deps.config.ENCRYPTION_KEYS, now },
      { actorId: request.actor.userId, origin: request.origin, details },
      { clientId: person.clientId, userIds: [person.id], again: true },
    )
  })
}

/** Takes an invitation back. */
export function withdrawInvitation(deps: Deps, request: InvitationRequest): Promise<InvitationOutcome> {
  const { actor, origin } = request
  return act(deps, request, 'invitation.withdrawn', (tx, person, { now, details }) =>
    withdraw(tx, person, { actorId: actor.userId, origin, details }, now),
  )
}

/**
 * Ends somebody who was never active. There is no such user any more, and the address is free for another invitation.
 * The row stays for what the audit log says of it, without address, role groups or password.
 */
export async function withdraw(
  tx: Transaction,
  { id, clientId, email }: { id: string; clientId: string; email: string },
  by: { actorId: string | null; origin: Origin; details?: Record<string, unknown> },
  now: Date,
): Promise<void> {
  await closeInvitation(tx, id, now)
  await tx.delete(memberships).where(eq(memberships.userId, id))
  await tx
    .update(users)
    .set({ status: 'withdrawn', email: `${id}@withdrawn.invalid` })
    .where(eq(users.id, id))
  await record(tx, {
    at: now,
    action: 'invitation.withdrawn',
    outcome: 'success',
    clientId,
    subjectId: id,
    ...by,
    details: { address: email, ...by.details },
  })
}

function act(
  { db, clock }: Deps,
  { actor, targetId, form, origin }: InvitationRequest,
  action: AuditAction,
  apply: (
    tx: Transaction,
    person: Person,
    context: { now: Date; details: Record<string, unknown> },
  ) => Promise<void>,
): Promise<InvitationOutcome> {
  return db.transaction(async (tx): Promise<InvitationOutcome> => {
    const now = clock.now()
    const verdict = await judge(tx, { actor, targetId, action, now, origin }, mayChangeInvitation)
    if (!verdict.allowed) return { ok: false, refusal: verdict.refusal }
    const { evidence, missing } = readEvidence(verdict.actor, form, { adminsSayWhy: false })
    if (!evidence) return { ok: false, refusal: null, missing }
    await apply(tx, verdict.targetPerson, { now, details: evidence })
    return { ok: true, clientId: verdict.targetPerson.clientId }
  })
}

/** Ends the open invitation and what was begun through it. */
async function closeInvitation(tx: Transaction, userId: string, now: Date): Promise<void> {
  await tx
    .update(invitations)
    .set({ revokedAt: now })
    .where(and(eq(invitations.userId, userId), isNull(invitations.usedAt), isNull(invitations.revokedAt)))
  await tx
    .update(passwordResets)
    .set({ usedAt: now })
    .where(and(eq(passwordResets.userId, userId), isNull(passwordResets.usedAt)))
  // Whoever had the link may have set up an authenticator of theirs, which would keep the person invited out.
  await tx
    .update(authenticators)
    .set(shredded(now))
    .where(and(eq(authenticators.userId, userId), ne(authenticators.status, 'revoked')))
  await tx.update(users).set({ passwordHash: null }).where(eq(users.id, userId))
  await endSessions(tx, userId, now)
}
