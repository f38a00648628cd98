import { createHash } from 'node:crypto'
import { and, desc, eq, gt } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { describeDevice } from '../platform/http/describe-device.ts'
import { factsOf, type Person } from './facts.ts'
import { stageOf } from './stages.ts'

const SHOWN = 100

export interface OpenSession {
  handle: string
  storedId: string
  /** The session of the person who looks. */
  isThis: boolean
  device: string
  address: string | null
  begunAt: Date
  seenAt: Date
  /** The password is proven, and a code or an enrolment is still missing. */
  isHalfway: boolean
}

/** The valid sessions of a person: the one with the id `viewersId` first, then the latest seen. */
export async function readOpenSessions(
  db: Reader,
  person: Person,
  viewersId: string,
  now: Date,
): Promise<OpenSession[]> {
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
    .flatMap(({ data: { proofs }, storedId, address, userAgent, seenAt }): OpenSession[] => {
      // Uses the gate's own rule: a session that it would send to the sign-in page is not listed.
      const stage = stageOf(factsOf(proofs, person, now)).name
      if (!proofs || stage === 'signed-out') return []
      return [
        {
          handle: sessionHandle(storedId),
          storedId,
          isThis: storedId === viewersId,
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

/** The public name of a stored session: the table's key stays out of pages, addresses and logs. */
export function sessionHandle(storedId: string): string {
  return createHash('sha256').update(`session ${storedId}`).digest('hex').slice(0, 32)
}

/** The same without the ids of the table, for a page. */
export async function readSessionsToShow(...asked: Parameters<typeof readOpenSessions>) {
  const sessions = await readOpenSessions(...asked)
  return sessions.map(({ storedId: _hidden, ...session }) => session)
}
