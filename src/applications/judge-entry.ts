import { eq, type SQL } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { factsOf, type Person } from '../gate/facts.ts'
import { holdSession } from '../gate/hold-session.ts'
import { isSignedIn } from '../gate/stages.ts'
import type { Origin } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { users } from '../platform/db/schema/users.ts'
import { admissionColumns } from './admission.queries.ts'
import { type EntryRefusal, mayEnter } from './may-enter.ts'
import { recordRefusedEntry } from './record-entry.ts'

export interface EnteredApplication {
  id: string
  name: string
  address: string
}

export type EntryVerdict =
  | { ok: true; person: Person; application: EnteredApplication; now: Date }
  | { ok: false; problem: 'refused'; refusal: EntryRefusal; application: EnteredApplication }
  /** 'superseded': the session ended during the request. */
  | { ok: false; problem: 'unknown' | 'superseded' }

/** Holds a person's session and asks whether they may enter the application `which`. A refusal is recorded. */
export async function judgeEntry(
  deps: Pick<Deps, 'clock'>,
  tx: Transaction,
  session: ActingSession,
  { which, demandsMfa = false }: { which: SQL; demandsMfa?: boolean },
  origin: Origin,
): Promise<EntryVerdict> {
  const held = await holdSession(deps, tx, session)
  if (!held || !isSignedIn(session, held.person, held.now)) return { ok: false, problem: 'superseded' }
  const { person, now } = held
  const { id, name, address } = applications
  const [asked] = await tx
    .select({ application: { id, name, address }, admission: admissionColumns(users.clientId) })
    .from(applications)
    .innerJoin(users, eq(users.id, person.id))
    .where(which)
  if (!asked) return { ok: false, problem: 'unknown' }

  const { application, admission } = asked
  const { codeProven } = factsOf(session, person, now)
  const refusal = mayEnter(
    { roleGroups: person.roleGroups, codeProven },
    { ...admission, requiresMfa: admission.requiresMfa || demandsMfa },
  )
  if (refusal === null) return { ok: true, person, application, now }
  // Without MFA they are led to enrolment, not refused.
  if (refusal !== 'mfa') await recordRefusedEntry(tx, { person, application, now }, refusal, origin)
  return { ok: false, problem: 'refused', refusal, application }
}
