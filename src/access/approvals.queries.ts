import { and, asc, desc, eq, gt, lte, ne, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { validate as isUuid } from 'uuid'
import type { Person } from '../gate/facts.ts'
import type { Reader } from '../platform/db/client.ts'
import { approvals } from '../platform/db/schema/approvals.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { users } from '../platform/db/schema/users.ts'
import { readStaff } from './approvers.queries.ts'
import { approvalTarget } from './approvers.ts'
import { actorOf } from './people.ts'
import { mayDecideApproval, mayViewApprovals } from './rules.ts'

export const OPEN_SHOWN = 100
const DECIDED_SHOWN = 20

/** So long the page of a case names what the account was called before. */
const RENAMED_LATELY = '30 days'
const formerName = sql<string | null>`(
  select ${auditEvents.details} ->> 'from' from ${auditEvents}
  where ${auditEvents.clientId} = ${approvals.clientId} and ${auditEvents.action} = 'client.renamed'
    and ${auditEvents.outcome} = 'success'
    and ${auditEvents.at} > ${approvals.requestedAt} - ${RENAMED_LATELY}::interval
  order by ${auditEvents.at} limit 1)`

const requesters = alias(users, 'requesters')
const deciders = alias(users, 'deciders')

const caseColumns = {
  id: approvals.id,
  kind: approvals.kind,
  status: approvals.status,
  clientId: approvals.clientId,
  accountName: clients.name,
  /** What the account was called RENAMED_LATELY before the request, if it was renamed since. */
  formerAccountName: formerName,
  userId: approvals.userId,
  email: approvals.email,
  name: approvals.name,
  held: approvals.held,
  given: approvals.given,
  taken: approvals.taken,
  requestedBy: approvals.requestedBy,
  requesterName: requesters.name,
  requestedAt: approvals.requestedAt,
  expiresAt: approvals.expiresAt,
  ticket: approvals.ticket,
  reason: approvals.reason,
  decidedBy: approvals.decidedBy,
  deciderName: deciders.name,
  decidedAt: approvals.decidedAt,
  decisionReason: approvals.decisionReason,
  closedBecause: approvals.closedBecause,
}

export type Case = Awaited<ReturnType<typeof readCases>>[number]

function readCases(db: Reader, where: SQL | undefined, order: SQL, limit: number) {
  return db
    .select(caseColumns)
    .from(approvals)
    .innerJoin(clients, eq(clients.id, approvals.clientId))
    .innerJoin(requesters, eq(requesters.id, approvals.requestedBy))
    .leftJoin(deciders, eq(deciders.id, approvals.decidedBy))
    .where(where)
    .orderBy(order)
    .limit(limit)
}

export async function readCase(db: Reader, approvalId: string): Promise<Case | null> {
  if (!isUuid(approvalId)) return null
  const [found] = await readCases(db, eq(approvals.id, approvalId), asc(approvals.id), 1)
  return found ?? null
}

export async function readCaseAbout(db: Reader, userId: string, now: Date): Promise<Case | null> {
  const [found] = await readCases(db, and(eq(approvals.userId, userId), isOpen(now)), asc(approvals.id), 1)
  return found ?? null
}

export function readOpenCases(db: Reader, now: Date): Promise<Case[]> {
  return readCases(db, isOpen(now), asc(approvals.id), OPEN_SHOWN + 1)
}

/** The cases that ended last. `decidedBy`: only those this person decided. */
export function readEndedCases(db: Reader, now: Date, decidedBy?: string): Promise<Case[]> {
  const ended = or(ne(approvals.status, 'open'), lte(approvals.expiresAt, now))
  const byThem = decidedBy === undefined ? undefined : eq(approvals.decidedBy, decidedBy)
  const endedAt = sql`coalesce(${approvals.decidedAt}, ${approvals.expiresAt})`
  return readCases(db, and(ended, byThem), desc(endedAt), DECIDED_SHOWN)
}

/** How many open cases this person may decide. */
export async function countCasesFor(db: Reader, person: Person, now: Date): Promise<number> {
  const actor = actorOf(person)
  if (mayViewApprovals(actor)) return 0
  const cases = await db
    .select({ requestedBy: approvals.requestedBy, userId: approvals.userId })
    .from(approvals)
    .where(isOpen(now))
    .limit(OPEN_SHOWN)
  if (cases.length === 0) return 0
  const { staff, makers } = await readStaff(db, cases, now, actor.id)
  const mayDecide = (people: (typeof cases)[number]) =>
    mayDecideApproval(actor, approvalTarget(people, actor, staff, makers)) === null
  return cases.filter(mayDecide).length
}

/** A case past its time is not open, even before its job has run. */
function isOpen(now: Date): SQL | undefined {
  return and(eq(approvals.status, 'open'), gt(approvals.expiresAt, now))
}
