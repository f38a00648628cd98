import { and, eq } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { ActRequest } from '../access/act-request.ts'
import { withinSubtree } from '../access/hierarchy.queries.ts'
import { judgeWithinAccount } from '../access/judge.ts'
import { readTies } from '../access/makers.queries.ts'
import type { Outcome } from '../access/outcome.ts'
import { REFUSALS } from '../access/refusals.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { type Actor, mayChangeWithin, type Relation } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { readReminded } from '../mfa-policy/remind-user-of-mfa.ts'
import { record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { bulkActPeople, bulkActs } from '../platform/db/schema/bulk-acts.ts'
import { type BulkAct, MOST_PEOPLE } from '../users/bulk-choices.ts'
import { readUserRows } from '../users/user-rows.queries.ts'
import type { UserRow } from '../users/user-view.ts'
import { SINGLE_ACTS } from './acts.ts'
import { type Judges, problemOf } from './judge-people.ts'
import { readSelected, type Selection } from './selected-people.queries.ts'
import type { PersonProblem } from './words.ts'

export type SelectionProblem = 'no-people' | 'too-many'
export type DraftOutcome = Outcome<{ bulkActId: string }, { problem: SelectionProblem }>

interface DraftRequest extends Omit<ActRequest, 'form'> {
  clientId: string
  act: BulkAct
  selection: Selection
  /** The address of the list. */
  list: string
}

/** Stores selected people and an act as the actor's only draft, with what it would do to each. It does nothing yet. */
export async function draftBulkAct(deps: Deps, request: DraftRequest): Promise<DraftOutcome> {
  return deps.db.transaction(async (tx): Promise<DraftOutcome> => {
    const { actor, clientId, act, selection, list, origin } = request
    const { action } = SINGLE_ACTS[act.kind]
    const about = { actor, clientId, action, origin } as const
    const verdict = await judgeWithinAccount(deps, tx, about, (is: Actor, { relation }) =>
      mayChangeWithin(is, relation),
    )
    if (!verdict.ok) return verdict
    const { account, now, person } = verdict
    const ids = await readSelected(tx, { ...account, now }, selection)
    if (ids.length === 0) return { ok: false, refusal: null, problem: 'no-people' }
    if (ids.length > MOST_PEOPLE) return { ok: false, refusal: null, problem: 'too-many' }

    const rows = await readUserRows(tx, ids.filter(isUuid))
    const judges = { actor: verdict.actor, now, ...(await readJudges(tx, person, rows, now)) }
    const judged = rows.map((row) => ({ userId: row.person.id, problem: problemOf(act, row, judges) }))
    // A person whom the actor may not know of is not stored, so that the preview cannot show the name.
    const known = judged.filter(({ problem }) => problem !== 'unknown')

    const mine = and(eq(bulkActs.requestedBy, actor.userId), eq(bulkActs.status, 'draft'))
    await tx.delete(bulkActs).where(mine)
    const [draft] = await tx
      .insert(bulkActs)
      .values({ clientId: account.id, requestedBy: actor.userId, ...act, list, createdAt: now })
      .returning({ id: bulkActs.id })
    if (!draft) throw new Error('the bulk act was not written')
    const bulkActId = draft.id
    if (known.length > 0)
      await tx.insert(bulkActPeople).values(
        known.map(({ userId, problem }, index) => ({
          bulkActId,
          line: index + 1,
          userId,
          outcome: problem,
        })),
      )

    // Recorded, so that probing for people and for acts one may not do is visible.
    const unseen = Array<PersonProblem>(ids.length - known.length).fill('unknown')
    for (const [refusal, people] of countForbidden([
      ...known.flatMap(({ problem }) => problem ?? []),
      ...unseen,
    ]))
      await record(tx, {
        at: now,
        action,
        outcome: 'refused',
        origin: { ...origin, bulkActId },
        clientId: account.id,
        actorId: actor.userId,
        subjectId: null,
        details: { refusal, people },
      })
    return { ok: true, bulkActId }
  })
}

async function readJudges(
  tx: Transaction,
  actor: Person,
  rows: readonly UserRow[],
  now: Date,
): Promise<Omit<Judges, 'actor' | 'now'>> {
  const people = rows.map(({ person }) => person)
  const below = await withinSubtree(tx, actor.clientId, [...new Set(people.map(({ clientId }) => clientId))])
  const relationOf = (clientId: string): Relation => {
    if (clientId === actor.clientId) return 'own'
    return below.has(clientId) ? 'child' : 'elsewhere'
  }
  return {
    relationOf,
    roleGroups: await readRoleGroups(tx),
    ties: await readTies(tx, actor.id, people, now),
    reminded: await readReminded(
      tx,
      people.map(({ id }) => id),
      now,
    ),
  }
}

/** How many people each refusal concerns that is one of permission. */
function countForbidden(problems: readonly PersonProblem[]): ReadonlyMap<PersonProblem, number> {
  const counts = new Map<PersonProblem, number>()
  for (const problem of problems)
    if (problem in REFUSALS && [403, 404].includes(REFUSALS[problem as keyof typeof REFUSALS].status))
      counts.set(problem, (counts.get(problem) ?? 0) + 1)
  return counts
}
