import { and, eq, ne, sql } from 'drizzle-orm'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { sessions } from '../db/schema/sessions.ts'
import type { Deps } from '../deps.ts'
import { raiseEpoch } from '../gate/end-sessions.ts'
import type { Person } from '../gate/facts.ts'
import { sessionsStillLive } from '../gate/sessions-still-live.ts'
import { revokePendingAuthenticator } from '../mfa/revoke-pending-authenticator.ts'

/** `epoch`: what the session that asked for it goes on with. Null: there was nothing to end. */
export type EndedSessions = { epoch: number } | null

/** Ends one other session of a person, by its stored id. The rest go on. */
export function endOneSession(
  deps: Deps,
  person: Person,
  storedId: string,
  origin: Origin,
): Promise<EndedSessions> {
  return deps.db.transaction((tx) => endWhere(deps, tx, person, eq(sessions.id, storedId), origin))
}

/** Ends every session and half-way sign-in of a person but the one that asks for it, by its stored id. */
export function endOtherSessions(
  deps: Deps,
  person: Person,
  ownId: string,
  origin: Origin,
): Promise<EndedSessions> {
  return deps.db.transaction((tx) => endWhere(deps, tx, person, ne(sessions.id, ownId), origin))
}

/**
 * The epoch is raised here too, and the sessions that go on are taken along to the new one: so a request of an ended
 * session that is under way can neither act nor come back under the new id that a code would give it.
 */
async function endWhere(
  { clock }: Deps,
  tx: Transaction,
  person: Person,
  ended: ReturnType<typeof eq>,
  origin: Origin,
): Promise<EndedSessions> {
  if (!(await sessionsStillLive(tx, person))) return null
  const now = clock.now()
  const own = eq(sessions.userId, person.id)
  const gone = await tx.delete(sessions).where(and(own, ended)).returning({ id: sessions.id })
  if (gone.length === 0) return null

  const epoch = await raiseEpoch(tx, person.id)
  const epochOfSession = sql`(${sessions.data} #>> '{proofs,epoch}')::int`
  await tx
    .update(sessions)
    .set({ data: sql`jsonb_set(${sessions.data}, '{proofs,epoch}', to_jsonb(${epoch}::int))` })
    .where(and(own, eq(epochOfSession, person.sessionEpoch)))
  const goneIds = gone.map(({ id }) => id)
  await revokePendingAuthenticator(tx, person.id, now, goneIds)
  await record(tx, {
    at: now,
    action: 'session.ended',
    outcome: 'success',
    origin,
    clientId: person.clientId,
    actorId: person.id,
    subjectId: person.id,
    details: { sessions: gone.length },
  })
  return { epoch }
}
