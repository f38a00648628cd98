import { eq } from 'drizzle-orm'
import type { UserRequest } from '../access/act-on-user.ts'
import { type EvidenceField, evidenceProblems, readDeskEvidence } from '../access/evidence.ts'
import { relationOf } from '../access/hierarchy.queries.ts'
import { judge } from '../access/judge.ts'
import type { Outcome } from '../access/outcome.ts'
import { actorOf } from '../access/people.ts'
import { mayChangeEmail, mayChangeProfile, mayViewAccount } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { type AskedBy, beginEmailChange, withdrawEmailChange } from '../email-change/begin-email-change.ts'
import { readOpenEmailChange } from '../email-change/email-changes.queries.ts'
import type { Person } from '../gate/facts.ts'
import {
  ADDRESS_TAKEN,
  EMAIL_PROBLEMS,
  NAME_PROBLEMS,
  readEmail,
  readName,
} from '../invitations/person-to-invite.ts'
import type { Reader } from '../platform/db/client.ts'
import { foldedEmail, users } from '../platform/db/schema/users.ts'
import { canonicalEmail } from '../platform/http/email-address.ts'
import { renameUser } from './rename-user.ts'

export const PROFILE_FIELDS = ['name', 'email', 'ticket', 'reason'] as const
export type ProfileProblems = Partial<Record<'name' | 'email' | EvidenceField, string>>
export type ProfileOutcome = Outcome<{ emailAsked: boolean }, { problems: ProfileProblems }>

/**
 * Changes the name of a user at once, and asks for another address, which the user confirms. The present address takes
 * back a change that waits for its confirmation.
 */
export function changeProfile(deps: Deps, request: UserRequest): Promise<ProfileOutcome> {
  return deps.db.transaction(async (tx): Promise<ProfileOutcome> => {
    const { actor, targetId, form, origin } = request
    const about = { actor, targetId, action: 'user.profile-changed', origin } as const
    const verdict = await judge(deps, tx, about, mayChangeProfile)
    if (!verdict.ok) return verdict

    const { targetPerson: person, target, now: at } = verdict
    const waiting = await readOpenEmailChange(tx, person.id, at)
    const kept = waiting?.newEmail ?? person.email
    const name = readName(textIn(form, 'name', person.name))
    const email = readWantedEmail(textIn(form, 'email', kept), [kept, person.email])
    const { evidence, missing } = readDeskEvidence(verdict.actor, form)
    const changesEmail = 'email' in email && email.email !== kept
    const refusal = changesEmail ? mayChangeEmail(verdict.actor, target) : null
    if (refusal) return verdict.refuse(refusal)
    const taken =
      changesEmail &&
      email.email !== person.email &&
      (await isKnownToBeTaken(tx, verdict.person, email.email))
    if ('problem' in name || 'problem' in email || taken || !evidence) {
      const problems = {
        ...('problem' in name && { name: NAME_PROBLEMS[name.problem] }),
        ...('problem' in email && { email: EMAIL_PROBLEMS[email.problem] }),
        ...(taken && { email: ADDRESS_TAKEN }),
        ...evidenceProblems(missing),
      }
      return { ok: false, refusal: null, problems }
    }

    const by: AskedBy = { actor, at, origin, details: evidence }
    // First: its limit may refuse the whole.
    if (changesEmail) {
      const asked = await setEmail(deps, tx, person, email.email, by)
      if (!asked.ok) return verdict.refuse(asked.refusal)
    }
    if (name.name !== person.name) await renameUser(tx, person, name.name, by)
    return { ok: true, emailAsked: changesEmail && email.email !== person.email }
  })
}

async function setEmail(
  deps: Deps,
  tx: Parameters<typeof beginEmailChange>[1],
  person: Person,
  email: string,
  by: AskedBy,
): ReturnType<typeof beginEmailChange> {
  if (email !== person.email) return beginEmailChange(deps, tx, person, email, by)
  await withdrawEmailChange(tx, person, by)
  return { ok: true }
}

/** Whether a user has the address whom the actor may see: of others the actor must not learn. */
async function isKnownToBeTaken(db: Reader, actor: Person, email: string): Promise<boolean> {
  const [holder] = await db
    .select({ clientId: users.clientId })
    .from(users)
    .where(eq(foldedEmail(users.email), email))
  if (!holder) return false
  return mayViewAccount(actorOf(actor), await relationOf(db, actor.clientId, holder.clientId)) === null
}

/** An address on record is not checked again: it may be older than the rules for new ones. */
function readWantedEmail(typed: string, onRecord: readonly string[]): ReturnType<typeof readEmail> {
  const email = canonicalEmail(typed)
  return onRecord.includes(email) ? { email } : readEmail(typed)
}

/** A field that the form does not have stays as it is. */
function textIn(form: Record<string, unknown>, field: string, otherwise: string): string {
  const typed = form[field] ?? otherwise
  return typeof typed === 'string' ? typed : ''
}
