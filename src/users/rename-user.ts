import { eq } from 'drizzle-orm'
import { tellOfAdministrator } from '../access/tell-administrators.ts'
import type { AskedBy } from '../email-change/begin-email-change.ts'
import type { Person } from '../gate/facts.ts'
import { recordWithPersonal } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { users } from '../platform/db/schema/users.ts'
import { notify } from '../platform/mail/notify.ts'

/** Changes the name of a user, records it and queues the mails. Pages, lists and mails show it from this commit on. */
export async function renameUser(
  tx: Transaction,
  person: Person,
  name: string,
  { actor, at, origin, details }: AskedBy,
): Promise<void> {
  const { id, clientId, name: formerName, status } = person
  await tx.update(users).set({ name }).where(eq(users.id, id))
  const event = {
    at,
    origin,
    action: 'user.profile-changed',
    outcome: 'success',
    clientId,
    actorId: actor.userId,
    subjectId: id,
    ...(details && { details }),
  } as const
  const personal = { personId: id, details: { from: formerName, to: name } }
  const eventId = await recordWithPersonal(tx, event, personal)
  // An invited user has not seen the previous name.
  if (status !== 'invited')
    await notify(tx, { to: id, kind: 'name-changed', eventId, facts: { formerName, newName: name } })
  await tellOfAdministrator(tx, person, eventId, 'renamed')
}
