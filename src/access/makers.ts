// Who invited or promoted whom lately. Pure.
import { DAY } from '../platform/time/durations.ts'

/** An invitation, or a role group that administers, ties two people for so long. */
export const TIE_LIFE_MS = 30 * DAY

/** By id: the person and all who made them, also through others: otherwise an agent could reset herself through two. */
export type Makers = ReadonlyMap<string, ReadonlySet<string>>

/** Ids of people with whom the actor had to do within the life of a tie. */
export interface Ties {
  /** Who administer, and one of the two made the other. */
  made: ReadonlySet<string>
  /** The actor asked for another address of theirs, which holds or may still be confirmed. */
  addressChanged: ReadonlySet<string>
  /** The actor reset their authenticator. */
  mfaReset: ReadonlySet<string>
}

/** Of a viewer who may change nothing. */
export const NO_TIES: Ties = { made: new Set(), addressChanged: new Set(), mfaReset: new Set() }

export function oneMadeTheOther(makers: Makers, oneId: string, otherId: string): boolean {
  return makersOf(makers, oneId).has(otherId) || makersOf(makers, otherId).has(oneId)
}

/** One made the other, or the same person made both: then the second is no independent opinion. */
export function shareAMaker(makers: Makers, oneId: string, otherId: string): boolean {
  const others = makersOf(makers, otherId)
  return [...makersOf(makers, oneId)].some((id) => others.has(id))
}

function makersOf(makers: Makers, id: string): ReadonlySet<string> {
  const found = makers.get(id)
  if (!found) throw new Error('the makers of this person were not read')
  return found
}
