import { and, asc, eq, inArray, isNull, notExists } from 'drizzle-orm'
import type { ActDeps } from '../access/act-request.ts'
import { NO_REQUEST } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { bulkActPeople, bulkActs } from '../platform/db/schema/bulk-acts.ts'
import type { BulkKind } from '../users/bulk-choices.ts'
import { formOf, SINGLE_ACTS } from './acts.ts'
import type { PersonProblem } from './words.ts'

type Confirmed = typeof bulkActs.$inferSelect

/**
 * Does a confirmed act to each person who is still open, in one transaction each, on behalf of the session that confirmed.
 * Several may run at once. Returns whether people are left after `most`.
 */
export async function carryOutBulkAct(deps: ActDeps, bulkActId: string, most: number): Promise<boolean> {
  for (let done = 0; done < most; done += 1) if (!(await carryOutNext(deps, bulkActId))) return false
  return true
}

/** False if none is open, or another process has the last of them. */
function carryOutNext(deps: ActDeps, bulkActId: string): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const [bulkAct] = await tx
      .select()
      .from(bulkActs)
      .where(and(eq(bulkActs.id, bulkActId), eq(bulkActs.status, 'confirmed')))
    if (!bulkAct) return false
    const [next] = await tx
      .select({ line: bulkActPeople.line, userId: bulkActPeople.userId })
      .from(bulkActPeople)
      .where(openIn(bulkActId))
      .orderBy(asc(bulkActPeople.line))
      .limit(1)
      .for('update', { skipLocked: true })
    if (!next) {
      await finish(tx, bulkActId, deps.clock.now())
      return false
    }
    const outcome = await actOn({ ...deps, db: tx }, bulkAct, next.userId)
    // Without the session none of the others is possible either.
    const lines = outcome === 'signed-out' ? await lockOpenLines(tx, bulkActId) : [next.line]
    await tx
      .update(bulkActPeople)
      .set({ outcome })
      .where(and(openIn(bulkActId), inArray(bulkActPeople.line, lines)))
    return true
  })
}

async function actOn(deps: ActDeps, bulkAct: Confirmed, targetId: string): Promise<'done' | PersonProblem> {
  const { id: bulkActId, session, origin } = bulkAct
  if (!session) throw new Error('a confirmed bulk act names no session')
  const kind = bulkAct.kind as BulkKind
  const outcome = await SINGLE_ACTS[kind].carryOut(deps, {
    actor: session,
    targetId,
    form: formOf({ ...bulkAct, kind }),
    origin: { ...(origin ?? NO_REQUEST), bulkActId },
  })
  if (outcome.ok) return 'done'
  if (outcome.refusal !== null) return outcome.refusal
  if (outcome.missing.includes('roleGroups'))
    return kind === 'take-role-group' ? 'only-role-group' : 'not-of-account'
  throw new Error('a confirmed bulk act lacks what has to be said about it')
}

/** Does not wait for a line that another process has: that one waits for the actor, whom this transaction has locked. */
async function lockOpenLines(tx: Transaction, bulkActId: string): Promise<number[]> {
  const rows = await tx
    .select({ line: bulkActPeople.line })
    .from(bulkActPeople)
    .where(openIn(bulkActId))
    .for('update', { skipLocked: true })
  return rows.map(({ line }) => line)
}

function openIn(bulkActId: string) {
  return and(eq(bulkActPeople.bulkActId, bulkActId), isNull(bulkActPeople.outcome))
}

async function finish(tx: Transaction, bulkActId: string, now: Date): Promise<void> {
  const open = tx.select({ line: bulkActPeople.line }).from(bulkActPeople).where(openIn(bulkActId))
  await tx
    .update(bulkActs)
    .set({ status: 'done', finishedAt: now })
    .where(and(eq(bulkActs.id, bulkActId), eq(bulkActs.status, 'confirmed'), notExists(open)))
}
