import type { Person } from '../gate/facts.ts'
import { byOneself, type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { applicationUses } from '../platform/db/schema/applications.ts'
import type { EntryRefusal } from './may-enter.ts'

export interface Entry {
  person: Pick<Person, 'id' | 'clientId'>
  application: { id: string; name: string }
  now: Date
}

/** Records that a person entered an application, and remembers since when and when last they use it. */
export async function recordEntry(tx: Transaction, entry: Entry, origin: Origin): Promise<void> {
  const { person, application, now } = entry
  await tx
    .insert(applicationUses)
    .values({ applicationId: application.id, userId: person.id, firstUsedAt: now, lastUsedAt: now })
    .onConflictDoUpdate({
      target: [applicationUses.applicationId, applicationUses.userId],
      set: { lastUsedAt: now },
    })
  await record(tx, {
    ...byOneself(person, now, origin),
    action: 'application.entered',
    details: { application: application.name, applicationId: application.id },
  })
}

/** Records that a person was not let into an application, and why. */
export async function recordRefusedEntry(
  tx: Transaction,
  { person, application, now }: Entry,
  refusal: EntryRefusal,
  origin: Origin,
): Promise<void> {
  await record(tx, {
    ...byOneself(person, now, origin),
    action: 'application.entered',
    outcome: 'refused',
    details: { application: application.name, applicationId: application.id, refusal },
  })
}
