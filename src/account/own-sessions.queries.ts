import { createHash } from 'node:crypto'
import { and, desc, eq, gt } from 'drizzle-orm'
import { factsOf, type Person } from '../gate/facts.ts'
import { stageOf } from '../gate/stages.ts'
import type { Reader } from '../platform/db/client.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { describeDevice } from '../platform/http/describe-device.ts'

/** More than anybody has; whoever has them ends them all at once. */
const SHOWN = 100

export interface OwnSession {
  /** What it is called in a page and an address. */
  handle: string
  storedId: string
  isThis: boolean
  device: string
  address: string | null
  /** When its password was given. */
  begunAt: Date
  /** To the minute. */
  seenAt: Date
  /** The password was given, but not yet all that must follow. */
  isHalfway: boolean
}

/** The sessions of a person that are good for anything at `now`, this one first, then the one seen last. */
export async function readOwnSessions(
  db: Reader,
  person: Person,
  ownId: string,
  now: Date,
): Promise<OwnSession[]> {
  const rows = await db
    .select({
      storedId: sessions.id,
      data: sessions.data,
      address: sessions.address,
      userAgent: sessions.userAgent,
      seenAt: sessions.touchedAt,
    })
    .from(sessions)
    .where(and(eq(sessions.userId, person.id), gt(sessions.expiresAt, now)))
    .orderBy(desc(sessions.touchedAt), desc(sessions.id))
    .limit(SHOWN)
  return rows
    .flatMap(({ data: { proofs }, storedId, address, userAgent, seenAt }): OwnSession[] => {
      // Judged as the gate would at its next request: what that would send to the sign-in page is no session.
      const stage = stageOf(factsOf(proofs, person, now)).name
      if (!proofs || stage === 'signed-out') return []
      return [
        {
          handle: sessionHandle(storedId),
          storedId,
          isThis: storedId === ownId,
          device: describeDevice(userAgent ?? ''),
          address,
          begunAt: new Date(proofs.passwordAt),
          seenAt,
          isHalfway: stage !== 'signed-in',
        },
      ]
    })
    .sort((one, other) => Number(other.isThis) - Number(one.isThis))
}

/**
 * What a stored session is called where it can be read. The stored id opens nothing either, being a hash of the one
 * in the cookie, but the table's key need not stand in a page, an address or a log.
 */
export function sessionHandle(storedId: string): string {
  return createHash('sha256').update(`session ${storedId}`).digest('hex').slice(0, 32)
}
