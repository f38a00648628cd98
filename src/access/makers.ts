// Who invited or promoted whom lately, as the rules ask about it. Pure.
import { DAY } from '../platform/time/durations.ts'

/** So long an invitation, or being given a role group that administers, ties two people to each other. */
export const TIE_LIFE_MS = 30 * DAY

/**
 * By id: the person, who invited or promoted them within TIE_LIFE_MS, who those, and so on: else an agent would make
 * an agent who makes the one that resets her.
 */
export type Makers = ReadonlyMap<string, ReadonlySet<string>>

/** One of the two made the other. */
export function inOneLine(makers: Makers, oneId: string, otherId: string): boolean {
  return makersOf(makers, oneId).has(otherId) || makersOf(makers, otherId).has(oneId)
}

/** One of the two made the other, or the same person made both: two agents made by one are no second opinion. */
export function inOneFamily(makers: Makers, oneId: string, otherId: string): boolean {
  const others = makersOf(makers, otherId)
  return [...makersOf(makers, oneId)].some((id) => others.has(id))
}

function makersOf(makers: Makers, id: string): ReadonlySet<string> {
  const found = makers.get(id)
  if (!found) throw new Error('it was not read who made this person')
  return found
}
