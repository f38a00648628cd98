import { eq } from 'drizzle-orm'
import type { EntryRefusal } from '../applications/may-enter.ts'
import { recordRefusedEntry } from '../applications/record-entry.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import type { Origin } from '../platform/audit/record.ts'
import { passes } from '../platform/db/schema/passes.ts'
import type { HostApplication } from './pass.queries.ts'

interface Refused {
  pass: Buffer
  person: Person
  application: HostApplication
  refusal: EntryRefusal
}

/**
 * Ends a pass that no longer opens its application, and records the refusal: once for each pass, however many requests
 * the page sends.
 */
export async function withdrawPass(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  { pass, person, application, refusal }: Refused,
  origin: Origin,
): Promise<void> {
  await db.transaction(async (tx) => {
    const withdrawn = await tx
      .delete(passes)
      .where(eq(passes.passHash, pass))
      .returning({ passHash: passes.passHash })
    if (withdrawn.length === 0) return
    await recordRefusedEntry(tx, { person, application, now: clock.now() }, refusal, origin)
  })
}
