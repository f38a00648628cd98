import { and, asc, eq, inArray, isNull } from 'drizzle-orm'
import { channelOf } from '../access/evidence.ts'
import { judgeJobWithinAccount } from '../access/judge.ts'
import type { Refusal } from '../access/refusals.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayInvite } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { NO_REQUEST, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { invitationImportLines, invitationImports } from '../platform/db/schema/invitation-imports.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { addInvitedUsers, type PersonToInvite } from './add-invited-users.ts'
import { invitationAllowance, limitsOfImports } from './invitation-allowance.ts'
import { type LineProblem, roleGroupsIn } from './judge-lines.ts'
import { readName } from './person-to-invite.ts'
import { sendInvitations } from './send-invitations.ts'

/** As many people are invited in one transaction, and seen to be, before the next. */
export const BATCH = 250

/**
 * Invites the next people of an import that was confirmed, and queues the job for those after them, later where the limits of the account say so. What was allowed
 * when it was confirmed is asked again: an Admin who is none any more invites nobody. Without an import that is
 * confirmed and unfinished it does nothing.
 */
export async function importInvitations(
  deps: Pick<Deps, 'config' | 'clock'>,
  tx: Transaction,
  importId: string,
): Promise<void> {
  const confirmed = and(eq(invitationImports.id, importId), eq(invitationImports.status, 'confirmed'))
  const [running] = await tx.select().from(invitationImports).where(confirmed)
  if (!running) return
  const { clientId, importedBy: userId, reason, ticket } = running
  const origin = running.origin ?? NO_REQUEST
  const about = { userId, clientId, action: 'invitation.sent', origin } as const
  const verdict = await judgeJobWithinAccount(deps, tx, about, mayInvite)
  // After the actor, as by whoever confirms it a second time: else the two would wait for each other.
  const [locked] = await tx
    .select({ id: invitationImports.id })
    .from(invitationImports)
    .where(confirmed)
    .for('update')
  if (!locked) return
  const now = deps.clock.now()
  if (!verdict?.ok) {
    const left = await settleLeft(tx, importId)
    // Of whoever is stopped altogether the judge records nothing, and nobody else may open what they imported.
    if (!verdict)
      await record(tx, {
        at: now,
        action: 'invitation.sent',
        outcome: 'refused',
        origin,
        clientId,
        actorId: userId,
        subjectId: null,
        details: { importId, notInvited: left },
      })
    return finish(tx, importId, now)
  }

  const allowance = await invitationAllowance(tx, limitsOfImports(deps.config), clientId, now)
  if (allowance.refusal !== null) return pause(tx, importId, allowance.againAt, allowance.refusal)
  const lines = await tx
    .select()
    .from(invitationImportLines)
    .where(openLines(importId))
    .orderBy(asc(invitationImportLines.line))
    .limit(Math.min(BATCH, allowance.left))
  const { account, actor } = verdict
  const judges = { actor, isPlatform: account.isPlatform, roleGroups: await readRoleGroups(tx) }
  const refused: number[] = []
  const alone: number[] = []
  const people: (PersonToInvite & { line: number })[] = []
  for (const { line, email, name, roleGroups } of lines) {
    const named = readName(name)
    const read = roleGroupsIn(roleGroups, judges)
    if ('problem' in read && read.problem === 'alone') alone.push(line)
    else if ('problem' in named || 'problem' in read) refused.push(line)
    else people.push({ line, email, ...named, roleGroupIds: read.chosen.map(({ id }) => id) })
  }

  const idOf = await addInvitedUsers(tx, clientId, people, { actorId: userId, now })
  const details = {
    importId,
    channel: channelOf(actor),
    ...(reason && { reason }),
    ...(ticket && { ticket }),
  }
  await sendInvitations(
    tx,
    { keys: deps.config.ENCRYPTION_KEYS, now },
    { actorId: userId, origin, details },
    { clientId, userIds: [...idOf.values()] },
  )
  const invited = people.filter(({ email }) => idOf.has(email))
  const taken = people.filter(({ email }) => !idOf.has(email))
  await settle(tx, importId, linesOf(invited), 'invited')
  await settle(tx, importId, linesOf(taken), 'taken')
  await settle(tx, importId, refused, 'not-allowed')
  // Of a file that was confirmed before such lines were refused at once.
  await settle(tx, importId, alone, 'alone')

  const open = await tx.$count(invitationImportLines, openLines(importId))
  if (open > 0) await enqueue(tx, 'import-invitations', { importId })
  else await finish(tx, importId, now)
}

const linesOf = (people: readonly { line: number }[]) => people.map(({ line }) => line)

const openLines = (importId: string) =>
  and(eq(invitationImportLines.importId, importId), isNull(invitationImportLines.outcome))

async function settle(
  tx: Transaction,
  importId: string,
  lines: readonly number[],
  outcome: LineProblem | 'invited',
): Promise<void> {
  if (lines.length === 0) return
  await tx
    .update(invitationImportLines)
    .set({ outcome })
    .where(and(openLines(importId), inArray(invitationImportLines.line, [...lines])))
}

/** How many they were. */
async function settleLeft(tx: Transaction, importId: string): Promise<number> {
  const left = await tx
    .update(invitationImportLines)
    .set({ outcome: 'not-allowed' })
    .where(openLines(importId))
    .returning({ line: invitationImportLines.line })
  return left.length
}

/** The limits of its account are reached: it goes on by itself, later. */
async function pause(tx: Transaction, importId: string, until: Date, by: Refusal): Promise<void> {
  await tx
    .update(invitationImports)
    .set({ pausedUntil: until, pausedBy: by })
    .where(eq(invitationImports.id, importId))
  await enqueue(tx, 'import-invitations', { importId }, until)
}

async function finish(tx: Transaction, importId: string, now: Date): Promise<void> {
  await tx
    .update(invitationImports)
    .set({ status: 'done', finishedAt: now })
    .where(eq(invitationImports.id, importId))
}
