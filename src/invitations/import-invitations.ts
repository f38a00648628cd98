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
import { type Judges, type LineProblem, roleGroupsIn } from './judge-lines.ts'
import { readName } from './person-to-invite.ts'
import { sendInvitations } from './send-invitations.ts'

export const BATCH = 250

/**
 * Invites the next people of a confirmed import and queues the job for the rest, later if a limit of the account is
 * reached. The permission is asked again: a former Admin invites no one. Without a confirmed import it does nothing.
 */
export async function importInvitations(
  deps: Pick<Deps, 'config' | 'clock'>,
  tx: Transaction,
  importId: string,
): Promise<void> {
  const confirmed = and(eq(invitationImports.id, importId), eq(invitationImports.status, 'confirmed'))
  const [running] = await tx.select().from(invitationImports).where(confirmed)
  if (!running) return
  const { clientId, importedBy: actorId, reason, ticket } = running
  const origin = running.origin ?? NO_REQUEST
  const about = { userId: actorId, clientId, action: 'invitation.sent', origin } as const
  const verdict = await judgeJobWithinAccount(deps, tx, about, mayInvite)
  // Locks the actor before the import, as confirming it does: the other order would deadlock.
  const [locked] = await tx
    .select({ id: invitationImports.id })
    .from(invitationImports)
    .where(confirmed)
    .for('update')
  if (!locked) return
  const now = deps.clock.now()
  if (!verdict?.ok) {
    const notInvited = await settle(tx, importId, 'not-allowed')
    // The judge records no refusal of a disabled user or suspended account.
    if (!verdict)
      await record(tx, {
        at: now,
        action: 'invitation.sent',
        outcome: 'refused',
        origin,
        clientId,
        actorId,
        subjectId: null,
        details: { importId, notInvited },
      })
    return finish(tx, importId, now)
  }

  const allowance = await invitationAllowance(tx, limitsOfImports(deps.config), clientId, now)
  if (allowance.refusal !== null) return pause(tx, importId, allowance.retryAt, allowance.refusal)
  const lines = await tx
    .select()
    .from(invitationImportLines)
    .where(openLines(importId))
    .orderBy(asc(invitationImportLines.line))
    .limit(Math.min(BATCH, allowance.left))
  const { account, actor } = verdict
  const judges = { actor, isPlatform: account.isPlatform, roleGroups: await readRoleGroups(tx) }
  const { people, refused, alone } = peopleIn(lines, judges)

  const idOf = await addInvitedUsers(tx, clientId, people, { actorId, now })
  const details = {
    importId,
    channel: channelOf(actor),
    ...(reason && { reason }),
    ...(ticket && { ticket }),
  }
  await sendInvitations(
    tx,
    { keys: deps.config.ENCRYPTION_KEYS, now },
    { actorId, origin, details },
    { clientId, userIds: [...idOf.values()] },
  )
  const linesWhere = (isInvited: boolean) =>
    people.filter(({ email }) => idOf.has(email) === isInvited).map(({ line }) => line)
  await settle(tx, importId, 'invited', linesWhere(true))
  await settle(tx, importId, 'taken', linesWhere(false))
  await settle(tx, importId, 'not-allowed', refused)
  await settle(tx, importId, 'alone', alone)

  if ((await tx.$count(invitationImportLines, openLines(importId))) === 0) return finish(tx, importId, now)
  await enqueue(tx, 'import-invitations', { importId })
}

/** Judges the lines again, because role groups and permissions may have changed since the draft. */
function peopleIn(lines: readonly (typeof invitationImportLines.$inferSelect)[], judges: Judges) {
  const people: (PersonToInvite & { line: number })[] = []
  const refused: number[] = []
  const alone: number[] = []
  for (const { line, email, name, roleGroups } of lines) {
    const named = readName(name)
    const read = roleGroupsIn(roleGroups, judges)
    if ('problem' in read && read.problem === 'alone') alone.push(line)
    else if ('problem' in named || 'problem' in read) refused.push(line)
    else people.push({ line, email, ...named, roleGroupIds: read.chosen.map(({ id }) => id) })
  }
  return { people, refused, alone }
}

function openLines(importId: string) {
  return and(eq(invitationImportLines.importId, importId), isNull(invitationImportLines.outcome))
}

/** Sets the outcome of these open lines, or of all of them. Returns how many there were. */
async function settle(
  tx: Transaction,
  importId: string,
  outcome: LineProblem | 'invited',
  lines?: number[],
): Promise<number> {
  if (lines?.length === 0) return 0
  const settled = await tx
    .update(invitationImportLines)
    .set({ outcome })
    .where(and(openLines(importId), lines && inArray(invitationImportLines.line, lines)))
    .returning({ line: invitationImportLines.line })
  return settled.length
}

/** A limit of the account is reached: the job runs again later. */
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
