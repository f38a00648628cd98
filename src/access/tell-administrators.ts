import type { Person } from '../gate/facts.ts'
import type { Transaction } from '../platform/db/client.ts'
import type { NotificationFacts } from '../platform/mail/kinds.ts'
import { notifyAll } from '../platform/mail/notify.ts'
import { administratorsOf } from './admins.queries.ts'
import { namesOf } from './choose-role-groups.ts'
import { administers, type Grant } from './rules.ts'

/** Queues mails to the administrators, except to the user concerned, who gets another mail. */
export async function tellAdministrators(
  tx: Transaction,
  change: {
    clientId: string
    subjectId: string
    eventId: string
    facts: NotificationFacts['administrators-changed']
  },
): Promise<void> {
  const { clientId, subjectId, eventId, facts } = change
  const recipients = (await administratorsOf(tx, clientId)).filter((id) => id !== subjectId)
  await notifyAll(
    tx,
    recipients.map((to) => ({ to, kind: 'administrators-changed', eventId, facts }) as const),
  )
}

interface AnAdministrator extends Pick<Person, 'id' | 'clientId'> {
  roleGroups: readonly (Omit<Grant, 'rank'> & { name: string })[]
}

/** The same about an act on a user, if they administer. */
export async function tellOfAdministrator(
  tx: Transaction,
  { id, clientId, roleGroups }: AnAdministrator,
  eventId: string,
  change: NotificationFacts['administrators-changed']['change'],
): Promise<void> {
  const held = roleGroups.filter(administers)
  if (held.length === 0) return
  const facts = { change, given: namesOf(held), taken: '' }
  await tellAdministrators(tx, { clientId, subjectId: id, eventId, facts })
}
