import type { Person } from '../gate/facts.ts'
import type { Transaction } from '../platform/db/client.ts'
import type { NotificationFacts } from '../platform/mail/kinds.ts'
import { notifyAll } from '../platform/mail/notify.ts'
import { administratorsOf } from './admins.queries.ts'
import { namesOf } from './choose-role-groups.ts'
import { administers, type Grant } from './rules.ts'

/**
 * Queues the mails that tell who administers an account that this was changed: to its Admins, in the platform account
 * to all agents and Operators. Not to the person concerned, who has a mail of their own.
 */
export async function tellAdministrators(
  tx: Transaction,
  told: {
    clientId: string
    subjectId: string
    eventId: string
    facts: NotificationFacts['administrators-changed']
  },
): Promise<void> {
  const { clientId, subjectId, eventId, facts } = told
  const recipients = (await administratorsOf(tx, clientId)).filter((id) => id !== subjectId)
  await notifyAll(
    tx,
    recipients.map((to) => ({ to, kind: 'administrators-changed', eventId, facts }) as const),
  )
}

interface AnAdministrator extends Pick<Person, 'id' | 'clientId'> {
  roleGroups: readonly (Omit<Grant, 'rank'> & { name: string })[]
}

/** The same of what was done to a person as a whole, if they administer; `given` then names what they hold. */
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
