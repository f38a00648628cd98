// Who invited or promoted whom lately. Pure.
import { DAY } from '../platform/time/durations.ts'

/** An invitation, or a role group that administers, ties two people for so long. */
export const TIE_LIFE_MS = 30 * DAY

/** By id: the person and all who made them, also through others: otherwise an agent could reset herself through two. */
export type Makers = ReadonlyMap<string, ReadonlySet<string>>

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
