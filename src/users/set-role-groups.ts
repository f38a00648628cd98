import { and, eq, inArray } from 'drizzle-orm'
import { namesOf, type RoleGroupChange } from '../access/choose-role-groups.ts'
import { administers } from '../access/rules.ts'
import { tellAdministrators } from '../access/tell-administrators.ts'
import type { Person } from '../gate/facts.ts'
import { type AuditEntry, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { memberships } from '../platform/db/schema/role-groups.ts'
import { notify } from '../platform/mail/notify.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'

/** Changes the role groups of a user, records it and queues the mails. The caller has locked the user and asked the rules. */
export async function setRoleGroups(
  tx: Transaction,
  person: Pick<Person, 'id' | 'clientId' | 'status'>,
  { wanted, given, taken }: RoleGroupChange,
  by: Pick<AuditEntry, 'at' | 'origin' | 'details'> & { actorId: string },
): Promise<void> {
  const { id: userId, clientId, status } = person
  if (taken.length > 0)
    await tx.delete(memberships).where(
      and(
        eq(memberships.userId, userId),
        inArray(
          memberships.roleGroupId,
          taken.map(({ id }) => id),
        ),
      ),
    )
  const granted = { userId, grantedBy: by.actorId, grantedAt: by.at }
  if (given.length > 0)
    await tx.insert(memberships).values(given.map(({ id }) => ({ ...granted, roleGroupId: id })))

  const changed = { given: namesOf(given), taken: namesOf(taken) }
  const eventId = await record(tx, {
    ...by,
    action: 'user.role-groups-changed',
    outcome: 'success',
    clientId,
    subjectId: userId,
    details: { ...changed, ...by.details },
  })
  await enqueue(tx, 'end-grants', { of: 'user', id: userId })
  // An invited user has not seen the previous role groups.
  if (status !== 'invited')
    await notify(tx, {
      to: userId,
      kind: 'role-groups-changed',
      eventId,
      facts: { roleGroups: namesOf(wanted) },
    })
  if ([...given, ...taken].some(administers)) {
    const facts = {
      change: 'role-groups',
      given: namesOf(given.filter(administers)),
      taken: namesOf(taken.filter(administers)),
    } as const
    await tellAdministrators(tx, { clientId, subjectId: userId, eventId, facts })
  }
}
