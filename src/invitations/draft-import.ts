import { and, eq, sql } from 'drizzle-orm'
import type { ActRequest } from '../access/act-request.ts'
import { judgeWithinAccount } from '../access/judge.ts'
import type { Outcome } from '../access/outcome.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayInvite } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { invitationImportLines, invitationImports } from '../platform/db/schema/invitation-imports.ts'
import { foldedEmail, users } from '../platform/db/schema/users.ts'
import { addressesIn, type JudgedLine, judgeLines } from './judge-lines.ts'
import { readInvitationFile } from './read-invitation-file.ts'

/** `problem`: the file as a whole cannot be read. */
export type DraftOutcome = Outcome<{ importId: string }, { problem: string }>

/** Stores a file of people to invite as the actor's only draft, with a judgement of each line. It invites no one yet. */
export async function draftImport(
  deps: Deps,
  request: Omit<ActRequest, 'form'> & { clientId: string; bytes: Uint8Array },
): Promise<DraftOutcome> {
  return deps.db.transaction(async (tx): Promise<DraftOutcome> => {
    const { actor, clientId, origin } = request
    const about = { action: 'invitation.sent', origin } as const
    const verdict = await judgeWithinAccount(deps, tx, { ...about, actor, clientId }, mayInvite)
    if (!verdict.ok) return verdict
    // Parsing costs time, so it comes after the permission.
    const file = readInvitationFile(request.bytes)
    if ('problem' in file) return { ok: false, refusal: null, problem: file.problem }

    const { account, now } = verdict
    const taken = await takenAmong(tx, addressesIn(file.lines))
    const judges = {
      actor: verdict.actor,
      isPlatform: account.isPlatform,
      roleGroups: await readRoleGroups(tx),
    }
    const lines = judgeLines(file.lines, judges, taken)

    const mine = and(eq(invitationImports.importedBy, actor.userId), eq(invitationImports.status, 'draft'))
    await tx.delete(invitationImports).where(mine)
    const [draft] = await tx
      .insert(invitationImports)
      .values({ clientId: account.id, importedBy: actor.userId, createdAt: now })
      .returning({ id: invitationImports.id })
    if (!draft) throw new Error('the import was not written')
    await addLines(tx, draft.id, lines)

    // Recorded, so that probing for role groups one may not give is visible.
    const refused = lines.filter(({ outcome }) => outcome === 'not-allowed')
    for (const refusal of new Set(refused.map(({ detail }) => detail)))
      await record(tx, {
        at: now,
        action: about.action,
        outcome: 'refused',
        origin,
        clientId: account.id,
        actorId: actor.userId,
        subjectId: null,
        details: { refusal, lines: refused.filter(({ detail }) => detail === refusal).length },
      })
    return { ok: true, importId: draft.id }
  })
}

async function addLines(tx: Transaction, importId: string, lines: readonly JudgedLine[]): Promise<void> {
  await tx.execute(sql`
    insert into ${invitationImportLines} (import_id, line, email, name, role_groups, outcome, detail)
    select ${importId}, r.line, r.email, r.name, r."roleGroups", r.outcome, r.detail
    from json_to_recordset(${JSON.stringify(lines)}::json)
      as r(line integer, email text, name text, "roleGroups" text, outcome text, detail text)`)
}

async function takenAmong(tx: Transaction, emails: readonly string[]): Promise<ReadonlySet<string>> {
  // One parameter, however many addresses. No address contains a line break.
  const rows = await tx
    .select({ email: foldedEmail(users.email) })
    .from(users)
    .where(sql`${foldedEmail(users.email)} = any(string_to_array(${emails.join('\n')}, E'\n'))`)
  return new Set(rows.map(({ email }) => email))
}
