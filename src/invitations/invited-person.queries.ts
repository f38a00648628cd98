import { and, eq, gt, isNull } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { readPerson } from '../gate/read-person.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { invitations } from '../platform/db/schema/links.ts'
import { foldedEmail, users } from '../platform/db/schema/users.ts'

/** The invited person of an open invitation link; null if it is used, expired, revoked or unknown. The account may be suspended. */
export async function invitedPerson(
  { clock }: Pick<Deps, 'clock'>,
  db: Reader,
  tokenHash: Buffer,
): Promise<Person | null> {
  const [row] = await db
    .select({ userId: invitations.userId })
    .from(invitations)
    .where(
      and(
        eq(invitations.tokenHash, tokenHash),
        isNull(invitations.usedAt),
        isNull(invitations.revokedAt),
        gt(invitations.expiresAt, clock.now()),
      ),
    )
  const person = row ? await readPerson(db, row.userId) : null
  return person?.status === 'invited' ? person : null
}

export async function isTaken(db: Reader, email: string): Promise<boolean> {
  return (await db.$count(users, eq(foldedEmail(users.email), email))) > 0
}
