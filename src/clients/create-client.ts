import { eq } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import type { ActRequest } from '../access/act-request.ts'
import { deskEvidence, EVIDENCE_PROBLEMS } from '../access/evidence.ts'
import { judgeActor } from '../access/judge.ts'
import type { Outcome } from '../access/outcome.ts'
import { mayCreateClient } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { addInvitedUsers } from '../invitations/add-invited-users.ts'
import {
  ADDRESS_TAKEN,
  EMAIL_PROBLEMS,
  NAME_PROBLEMS,
  readEmail,
  readName,
} from '../invitations/person-to-invite.ts'
import { sendInvitations } from '../invitations/send-invitations.ts'
import { record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { mfaPolicies, roleGroups } from '../platform/db/schema/role-groups.ts'
import { typedFields, wrongFields } from '../platform/http/typed-text.ts'
import { clientName, NAME_MISSING, NAME_TAKEN, nameIsTaken } from './client-name.ts'

/** The page asks for ticket and reason, but a request without them is valid. */
const newClient = deskEvidence.partial().extend({
  name: clientName,
  parentId: z.uuid().or(z.literal('')).default(''),
})

export const NEW_CLIENT_FIELDS = ['name', 'parentId', 'adminName', 'adminEmail', 'ticket', 'reason'] as const
export type NewClientField = (typeof NEW_CLIENT_FIELDS)[number]
export type NewClientProblems = Partial<Record<NewClientField, string>>

export type CreateOutcome = Outcome<{ clientId: string }, { problems: NewClientProblems }>

const MESSAGES: Record<keyof z.infer<typeof newClient>, string> = {
  name: NAME_MISSING,
  parentId: 'There is no account with this id for another to sit below.',
  ...EVIDENCE_PROBLEMS,
}

/**
 * Creates a client account and invites its first Admin. It starts with MFA required of Admins, because a missing policy
 * must never mean that no MFA is needed.
 */
export async function createClient(deps: Deps, request: ActRequest): Promise<CreateOutcome> {
  return deps.db
    .transaction(async (tx): Promise<CreateOutcome> => {
      const { origin } = request
      const verdict = await judgeActor(deps, tx, { ...request, action: 'client.created' }, mayCreateClient)
      if (!verdict.ok) return verdict
      const { person, now } = verdict
      const about = { at: now, origin, actorId: person.id, subjectId: null }
      const typed = readNewClient(request.form)
      if (!typed.ok) return typed
      const { name, ticket, reason } = typed.client
      const evidence = { ...(ticket && { ticket }), ...(reason && { reason }) }
      const parentId = typed.client.parentId || null
      const parent = parentId === null ? null : await findParent(tx, parentId)
      if (parentId !== null && !parent)
        return { ok: false, refusal: null, problems: { parentId: MESSAGES.parentId } }
      if (await nameIsTaken(tx, { name, parentId }))
        return { ok: false, refusal: null, problems: { name: NAME_TAKEN } }

      const clientId = uuidv7()
      await tx.insert(clients).values({ id: clientId, name, parentId, createdAt: now })
      const roleGroupId = await adminRoleGroup(tx)
      await tx.insert(mfaPolicies).values({ clientId, roleGroupId, createdAt: now })
      // The first Admin of a new account needs no second approval.
      const admin = { ...typed.admin, roleGroupIds: [roleGroupId] }
      const added = await addInvitedUsers(tx, clientId, [admin], { actorId: person.id, now })
      if (added.size === 0) throw new AddressTakenError()
      await record(tx, {
        ...about,
        action: 'client.created',
        outcome: 'success',
        clientId,
        // The id of the parent, not its name: the audit log of this account must not reveal the account above.
        details: { name, ...(parentId && { parentId }), ...evidence },
      })
      const by = { actorId: person.id, origin, details: evidence }
      const to = { clientId, userIds: [...added.values()] }
      await sendInvitations(tx, { keys: deps.config.ENCRYPTION_KEYS, now }, by, to)
      return { ok: true, clientId }
    })
    .catch((error: unknown) => {
      if (!(error instanceof AddressTakenError)) throw error
      return { ok: false, refusal: null, problems: { adminEmail: error.message } }
    })
}

/** Thrown to roll back the new account when the address of its Admin is taken. */
export class AddressTakenError extends Error {
  constructor() {
    super(ADDRESS_TAKEN)
    this.name = 'AddressTakenError'
  }
}

function readNewClient(form: unknown) {
  const typed = newClient.safeParse(form)
  const admin = typedFields(form, ['adminEmail', 'adminName'])
  const [email, name] = [readEmail(admin.adminEmail), readName(admin.adminName)]
  if (typed.success && 'email' in email && 'name' in name)
    return { ok: true, client: typed.data, admin: { ...email, ...name } } as const
  const problems: NewClientProblems = {
    ...(typed.error && problemsOf(typed.error)),
    ...('problem' in email && { adminEmail: EMAIL_PROBLEMS[email.problem] }),
    ...('problem' in name && { adminName: NAME_PROBLEMS[name.problem] }),
  }
  return { ok: false, refusal: null, problems } as const
}

function problemsOf(error: z.ZodError): NewClientProblems {
  const wrong = wrongFields(error, newClient.keyof().options)
  return Object.fromEntries(wrong.map((field) => [field, MESSAGES[field]]))
}

/** Null if there is no such account, or if it is the platform account. */
async function findParent(tx: Transaction, parentId: string) {
  const [parent] = await tx
    .select({ isPlatform: clients.isPlatform })
    .from(clients)
    .where(eq(clients.id, parentId))
  return parent && !parent.isPlatform ? parent : null
}

async function adminRoleGroup(tx: Transaction): Promise<string> {
  const [row] = await tx.select({ id: roleGroups.id }).from(roleGroups).where(eq(roleGroups.key, 'admin'))
  if (!row) throw new Error("there is no role group 'admin'")
  return row.id
}
