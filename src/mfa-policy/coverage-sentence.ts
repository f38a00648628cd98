// How far MFA covers an account, in one line. Pure.
import type { Coverage } from './coverage.ts'

/** '12 people, 9 enrolled, 2 required but missing'. */
export function coverageSentence({ people, enrolled, missing }: Coverage): string {
  if (people === 0) return 'No people yet'
  const inWords = (number: number) => number.toLocaleString('en-GB')
  const all = people === 1 ? '1 person' : `${inWords(people)} people`
  return `${all}, ${inWords(enrolled)} enrolled, ${inWords(missing.active + missing.invited)} required but missing`
}
