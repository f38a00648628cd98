// Who may enter an application. Pure. Tiles, the OpenID Connect provider and forward authentication ask the same rule.
import { factsOf, type Person, type Proofs } from '../gate/facts.ts'
import { stageOf } from '../gate/stages.ts'

export interface Admission {
  disabled: boolean
  /** The person's client account is admitted. */
  clientAdmitted: boolean
  /** Keys of the admitted role groups. */
  roleGroups: readonly string[]
  requiresMfa: boolean
}

export interface Visitor {
  roleGroups: readonly { key: string }[]
  /** A code was verified in this session. */
  codeProven: boolean
}

/** Why a signed-in person may not enter. 'mfa': they may once they have enrolled and verified a code. */
export type EntryRefusal = 'disabled' | 'client' | 'role-group' | 'mfa'

/** Why they may not enter, or null. */
export function mayEnter(visitor: Visitor, application: Admission): EntryRefusal | null {
  if (application.disabled) return 'disabled'
  if (!application.clientAdmitted) return 'client'
  const holdsOne = visitor.roleGroups.some(({ key }) => application.roleGroups.includes(key))
  if (!holdsOne) return 'role-group'
  return application.requiresMfa && !visitor.codeProven ? 'mfa' : null
}

/** The same for a session: 'signed-out' unless the gate would let it in now. */
export function mayEnterNow(
  proofs: Proofs | undefined,
  person: Person | null,
  application: Admission,
  now: Date,
): EntryRefusal | 'signed-out' | null {
  const facts = factsOf(proofs, person, now)
  if (!person || stageOf(facts).name !== 'signed-in') return 'signed-out'
  return mayEnter({ roleGroups: person.roleGroups, codeProven: facts.codeProven }, application)
}
