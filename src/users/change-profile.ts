import { eq } from 'drizzle-orm'
import type { UserRequest } from '../access/act-on-user.ts'
import { type Evidence, type EvidenceField, evidenceProblems, readDeskEvidence } from '../access/evidence.ts'
import { judge } from '../access/judge.ts'
import type { Outcome } from '../access/outcome.ts'
import { mayChangeProfile } from '../access/rules.ts'
import { tellOfAdministrator } from '../access/tell-administrators.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { NAME_PROBLEMS, readName } from '../invitations/person-to-invite.ts'
import { type AuditEntry, recordWithPersonal } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { users } from '../platform/db/schema/users.ts'
import { notify } from '../platform/mail/notify.ts'

export const PROFILE_FIELDS = ['name', 'ticket', 'reason'] as const
export type ProfileProblems = Partial<Record<'name' | EvidenceField, string>>
export type ProfileOutcome = Outcome<object, { problems: ProfileProblems }>

const ACTION = 'user.profile-changed'

/** Changes the name of a user. Pages, lists and mails show it from this commit on. */
export function changeProfile(deps: Deps, request: UserRequest): Promise<ProfileOutcome> {
  return deps.db.transaction(async (tx): Promise<ProfileOutcome> => {
    const { actor, targetId, form, origin } = request
    const verdict = await judge(deps, tx, { actor, targetId, action: ACTION, origin }, mayChangeProfile)
    if (!verdict.ok) return verdict

    const { targetPerson: person, now: at } = verdict
    const typed = readName(typeof form.name === 'string' ? form.name : '')
    const { evidence, missing } = readDeskEvidence(verdict.actor, form)
    if ('problem' in typed || !evidence) {
      const problems = {
        ...('problem' in typed && { name: NAME_PROBLEMS[typed.problem] }),
        ...evidenceProblems(missing),
      }
      return { ok: false, refusal: null, problems }
    }
    if (typed.name !== person.name)
      await rename(tx, person, typed.name, { at, actorId: actor.userId, origin, details: evidence })
    return { ok: true }
  })
}

async function rename(
  tx: Transaction,
  person: Person,
  name: string,
  { details, ...by }: Pick<AuditEntry, 'at' | 'origin'> & { actorId: string; details: Evidence },
): Promise<void> {
  const { id, clientId, name: formerName, status } = person
  await tx.update(users).set({ name }).where(eq(users.id, id))
  const about = { action: ACTION, outcome: 'success', clientId, subjectId: id } as const
  const personal = { personId: id, details: { from: formerName, to: name } }
  const eventId = await recordWithPersonal(tx, { ...by, ...about, details: { ...details } }, personal)
  // An invited user has not seen the previous name.
  if (status !== 'invited')
    await notify(tx, { to: id, kind: 'name-changed', eventId, facts: { formerName, newName: name } })
  await tellOfAdministrator(tx, person, eventId, 'renamed')
}
