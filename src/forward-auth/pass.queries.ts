import { and, eq, gt, sql } from 'drizzle-orm'
import { admissionColumns } from '../applications/admission.queries.ts'
import type { Admission } from '../applications/may-enter.ts'
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
import { given, preparedOnce } from '../platform/db/prepared-once.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { passes } from '../platform/db/schema/passes.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { users } from '../platform/db/schema/users.ts'
import { kidsColumn } from '../signing-keys/signing-keys.queries.ts'

export interface HostApplication {
  id: string
  name: string
  address: string
}

export interface PassRow {
  application: HostApplication
  admission: Admission
  /** Null without a pass of a session that has not expired. */
  session: { id: string; touchedAt: Date; proofs: Proofs | undefined } | null
  person: Person | null
  /** The names of all signing keys. */
  kids: string
}

const applicationColumns = { id: applications.id, name: applications.name, address: applications.address }
const NO_PASS = Buffer.alloc(0)

/** The application at a host, and the session and person behind a pass for it. Null if no application has the host. */
export async function readPass(
  db: Reader,
  { host, passHash }: { host: string; passHash: Buffer | undefined },
  now: Date,
): Promise<PassRow | null> {
  const [row] = await passQuery(db).execute({ host, passHash: passHash ?? NO_PASS, now: now.toISOString() })
  if (!row) return null
  const { application, admission, session } = row
  return {
    application,
    admission,
    session: session && { id: session.id, touchedAt: session.touchedAt, proofs: session.data.proofs },
    person: toPerson(row.person, row.codeLockout),
    kids: row.kids,
  }
}

const passQuery = preparedOnce((db) =>
  db
    .select({
      application: applicationColumns,
      admission: admissionColumns(users.clientId),
      session: { id: sessions.id, touchedAt: sessions.touchedAt, data: sessions.data },
      person: personColumns,
      codeLockout: lockoutColumns,
      kids: kidsColumn,
    })
    .from(applications)
    .leftJoin(
      passes,
      and(eq(passes.passHash, given('passHash', passes.passHash)), eq(passes.applicationId, applications.id)),
    )
    .leftJoin(
      sessions,
      and(eq(sessions.id, passes.sessionId), gt(sessions.expiresAt, sql.placeholder('now'))),
    )
    .leftJoin(users, eq(users.id, sessions.userId))
    .leftJoin(clients, accountOfUser)
    .leftJoin(authenticators, activeAuthenticatorOfUser)
    .leftJoin(lockouts, codeLockoutOfUser)
    .where(eq(applications.host, sql.placeholder('host')))
    .prepare('read_pass'),
)

/** The application at a host. Null if no application has it. */
export async function readHostApplication(db: Reader, host: string): Promise<HostApplication | null> {
  const [application] = await db
    .select(applicationColumns)
    .from(applications)
    .where(eq(applications.host, host))
  return application ?? null
}
