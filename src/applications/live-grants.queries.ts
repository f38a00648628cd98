// Whether a grant is alive. Codes, refresh tokens, userinfo, introspection and back-channel logout ask the same question.
import { and, eq, isNull, sql } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { Deps } from '../deps.ts'
import type { Person, Proofs } from '../gate/facts.ts'
import {
  accountOfUser,
  activeAuthenticatorOfUser,
  codeLockoutOfUser,
  personColumns,
  toPerson,
} from '../gate/person-row.ts'
import { lockoutColumns } from '../lockout/lockouts.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { oidcGrants } from '../platform/db/schema/oidc.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { users } from '../platform/db/schema/users.ts'
import { admissionColumns } from './admission.queries.ts'
import { mayEnterNow } from './may-enter.ts'

export interface LiveGrant {
  id: string
  applicationId: string
  sid: string
  payload: Record<string, unknown>
  createdAt: Date
  expiresAt: Date
  /** The stored id of its session. */
  sessionId: string
  touchedAt: Date
  person: Person
  /** Those of the session row as it is now: ending all other sessions gives the spared one a new epoch. */
  proofs: Proofs
}

/** The grant with its person, or null if it is dead or unknown. */
export async function readLiveGrant(
  { clock }: Pick<Deps, 'clock'>,
  db: Reader,
  grantId: string,
): Promise<LiveGrant | null> {
  if (!isUuid(grantId)) return null
  const [row] = await grantQuery(db).execute({ grantId })
  return row ? whileAlive(row, clock.now()) : null
}

/** What a session has granted to an application, or null if it may not be used or there is none. */
export async function readLiveGrantOf(
  { clock }: Pick<Deps, 'clock'>,
  db: Reader,
  granted: { sessionId: string; applicationId: string },
): Promise<LiveGrant | null> {
  const [row] = await grantOfSessionQuery(db).execute(granted)
  return row ? whileAlive(row, clock.now()) : null
}

/** Grants that have a session, with what `whileAlive` asks. The caller adds a condition, with `isOpen` in it. */
export function selectOpenGrants(db: Reader) {
  return db
    .select({
      id: oidcGrants.id,
      applicationId: oidcGrants.applicationId,
      sid: oidcGrants.sid,
      payload: oidcGrants.payload,
      createdAt: oidcGrants.createdAt,
      expiresAt: oidcGrants.expiresAt,
      session: {
        id: sessions.id,
        data: sessions.data,
        touchedAt: sessions.touchedAt,
        expiresAt: sessions.expiresAt,
      },
      person: personColumns,
      codeLockout: lockoutColumns,
      admission: admissionColumns(users.clientId),
    })
    .from(oidcGrants)
    .innerJoin(applications, eq(applications.id, oidcGrants.applicationId))
    .innerJoin(sessions, eq(sessions.id, oidcGrants.sessionId))
    .innerJoin(users, eq(users.id, oidcGrants.userId))
    .innerJoin(clients, accountOfUser)
    .leftJoin(authenticators, activeAuthenticatorOfUser)
    .leftJoin(lockouts, codeLockoutOfUser)
}

export const isOpen = isNull(oidcGrants.endedAt)

type OpenGrant = Awaited<ReturnType<typeof selectOpenGrants>>[number]

/** Null unless the session is signed in now, by the facts of the gate, and the person may enter the application. */
export function whileAlive(
  { session, person: row, codeLockout, admission, ...grant }: OpenGrant,
  now: Date,
): LiveGrant | null {
  const { proofs } = session.data
  const person = toPerson(row, codeLockout)
  if (!person || !proofs || session.expiresAt <= now || grant.expiresAt <= now) return null
  if (mayEnterNow(proofs, person, admission, now) !== null) return null
  return { ...grant, sessionId: session.id, touchedAt: session.touchedAt, person, proofs }
}

const grantQuery = preparedOnce((db) =>
  selectOpenGrants(db)
    .where(and(isOpen, eq(oidcGrants.id, sql.placeholder('grantId'))))
    .prepare('read_grant'),
)

const grantOfSessionQuery = preparedOnce((db) =>
  selectOpenGrants(db)
    .where(
      and(
        isOpen,
        eq(oidcGrants.sessionId, sql.placeholder('sessionId')),
        eq(oidcGrants.applicationId, sql.placeholder('applicationId')),
      ),
    )
    .prepare('read_grant_of_session'),
)
