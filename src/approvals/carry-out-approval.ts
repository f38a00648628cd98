import { eq } from 'drizzle-orm'
import { accountById } from '../access/accounts.queries.ts'
import { chooseRoleGroups, keysOf, roleGroupChange } from '../access/choose-role-groups.ts'
import type { Closing } from '../access/closings.ts'
import { relationOf } from '../access/hierarchy.queries.ts'
import { readTies } from '../access/makers.queries.ts'
import { actorOf, targetOf } from '../access/people.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayChangeRoleGroups, mayEnable, mayErase, mayInvite } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { readPerson } from '../gate/read-person.queries.ts'
import { invitePerson } from '../invitations/invite-person.ts'
import { happenedSince } from '../platform/audit/happened-since.queries.ts'
import type { Transaction } from '../platform/db/client.ts'
import type { approvals } from '../platform/db/schema/approvals.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { enablePerson } from '../users/enable-user.ts'
import { erasePerson } from '../users/erase-user.ts'
import { setRoleGroups } from '../users/set-role-groups.ts'

type Approval = typeof approvals.$inferSelect

/** `userId`: the user concerned, or the one just invited. */
export type CarriedOut = { ok: true; userId: string } | { ok: false; because: Closing }

/**
 * Carries out an approved request on behalf of its agent, if the agent may still do it and neither person nor account
 * has changed since. The caller has locked all of them.
 */
export async function carryOutApproval(
  { config, clock }: Pick<Deps, 'config' | 'clock'>,
  tx: Transaction,
  approval: Approval,
  approver: Person,
): Promise<CarriedOut> {
  const requester = await readPerson(tx, approval.requestedBy)
  const isActive = requester?.status === 'active' && !requester.clientSuspended
  if (!isActive || !actorOf(requester).isServiceDesk) return not('requester-gone')
  if (approval.requesterEpoch !== null && approval.requesterEpoch !== requester.sessionEpoch)
    return not('requester-signed-out')
  const [account] = await accountById(tx, approval.clientId)
  if (!account) throw new Error('the account of a case is gone')
  if (account.suspendedAt && approval.kind !== 'erasing') return not('account-suspended')
  // The account may have had another name when the approver looked at the case.
  const isItsAccount = eq(auditEvents.clientId, account.id)
  if (await happenedSince(tx, 'client.renamed', isItsAccount, approval.requestedAt))
    return not('account-renamed')

  const all = await readRoleGroups(tx)
  const { held, given, taken } = approval
  const wantedKeys = [...held.filter((key) => !taken.includes(key)), ...given]
  const actor = actorOf(requester)
  const chosen = chooseRoleGroups(actor, account.isPlatform, all, wantedKeys, held)
  if (!chosen.ok) return not('not-grantable')
  const details = {
    channel: 'service-desk',
    ticket: approval.ticket,
    reason: approval.reason,
    approvalId: approval.id,
    approverId: approver.id,
  }
  const by = { actorId: requester.id, origin: approval.origin, details }
  const relation = await relationOf(tx, requester.clientId, account.id)

  if (approval.userId === null) {
    const target = { relation, isPlatform: account.isPlatform, suspended: false }
    if (mayInvite(actor, target)) return not('not-grantable')
    const to = { clientId: account.id, email: approval.email, name: approval.name }
    const keys = config.ENCRYPTION_KEYS
    const userId = await invitePerson(tx, { keys, clock }, by, { ...to, roleGroups: chosen.roleGroups })
    return userId === null ? not('address-taken') : { ok: true, userId }
  }

  const person = await readPerson(tx, approval.userId)
  if (!person || !isUnchanged(person, approval)) return not('person-changed')
  const now = clock.now()
  const ties = await readTies(tx, requester.id, [person], now)
  const target = targetOf(person, null, { relation, ties }, now)
  if (approval.kind === 'enabling') {
    if (mayEnable(actor, target)) return not('not-grantable')
    await enablePerson(tx, person, { at: now, ...by })
    return { ok: true, userId: person.id }
  }
  if (approval.kind === 'erasing') {
    if (mayErase(actor, target)) return not('not-grantable')
    await erasePerson(tx, person, { at: now, ...by })
    return { ok: true, userId: person.id }
  }
  if (mayChangeRoleGroups(actor, target)) return not('not-grantable')
  await setRoleGroups(tx, person, roleGroupChange(all, held, wantedKeys), { at: now, ...by })
  return { ok: true, userId: person.id }
}

function not(because: Closing): CarriedOut {
  return { ok: false, because }
}

function isUnchanged({ email, name, status, roleGroups }: Person, approval: Approval): boolean {
  const keys = keysOf(roleGroups).sort()
  return (
    (status === 'disabled') === ['enabling', 'erasing'].includes(approval.kind) &&
    email === approval.email &&
    name === approval.name &&
    keys.join() === approval.held.join()
  )
}
