import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import { admissionColumns } from '../applications/admission.queries.ts'
import { mayEnter } from '../applications/entry.ts'
import type { Deps } from '../deps.ts'
import { factsOf, type Person, type Proofs } from '../gate/facts.ts'
import {
  accountOfUser,
  activeAuthenticatorOfUser,
  codeLockoutOfUser,
  personColumns,
  toPerson,
} from '../gate/person-row.ts'
import { isSignedIn } from '../gate/stages.ts'
import { lockoutColumns } from '../lockout/lockouts.queries.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { oidcGrants } from '../platform/db/schema/oidc.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { users } from '../platform/db/schema/users.ts'

/** A grant whose person is signed in and may enter the application, both as of now. */
export interface LiveGrant {
  id: string
  applicationId: string
  payload: Record<string, unknown>
  expiresAt: Date
  person: Person
  proofs: Proofs
  session: { id: string; touchedAt: Date }
}

/**
 * Every use of a code or token asks this. The proofs are those of the session row: a copy in the grant would outlive
 * what ends the session. Null if the use must be refused.
 */
export async function readLiveGrant(
  { gateDb, clock }: Pick<Deps, 'gateDb' | 'clock'>,
  id: string,
): Promise<LiveGrant | null> {
  const now = clock.now()
  const [row] = await grantQuery(gateDb).execute({ id, now: now.toISOString() })
  const person = row && toPerson(row.person, row.codeLockout)
  const proofs = row?.data.proofs
  if (!person || !proofs || !isSignedIn(proofs, person, now)) return null

  const { codeProven } = factsOf(proofs, person, now)
  if (mayEnter({ roleGroups: person.roleGroups, codeProven }, row.admission) !== null) return null
  return { ...row.grant, person, proofs, session: row.session }
}

const grantQuery = preparedOnce((db) =>
  db
    .select({
      grant: {
        id: oidcGrants.id,
        applicationId: oidcGrants.applicationId,
        payload: oidcGrants.payload,
        expiresAt: oidcGrants.expiresAt,
      },
      session: { id: sessions.id, touchedAt: sessions.touchedAt },
      data: sessions.data,
      person: personColumns,
      codeLockout: lockoutColumns,
      admission: admissionColumns(users.clientId),
    })
    .from(oidcGrants)
    .innerJoin(applications, eq(applications.id, oidcGrants.applicationId))
    .innerJoin(sessions, and(eq(sessions.id, oidcGrants.sessionId), eq(sessions.userId, oidcGrants.userId)))
    .innerJoin(users, eq(users.id, oidcGrants.userId))
    .innerJoin(clients, accountOfUser)
    .leftJoin(authenticators, activeAuthenticatorOfUser)
    .leftJoin(lockouts, codeLockoutOfUser)
    .where(
      and(
        eq(oidcGrants.id, sql.placeholder('id')),
        isNull(oidcGrants.endedAt),
        gt(oidcGrants.expiresAt, sql.placeholder('now')),
        gt(sessions.expiresAt, sql.placeholder('now')),
      ),
    )
    .prepare('live_grant'),
)
