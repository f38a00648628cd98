// How far MFA covers an account, in one line. Pure.
import type { Coverage } from './coverage.queries.ts'

/** '12 people, 9 enrolled, 2 required but missing'; of a large account 'more than 1,000 people; of the first 1,000 …'. */
export function coverageSentence({ people, enrolled, missing, countedInPart }: Coverage): string {
  if (people === 0) return 'No people yet'
  const inWords = (number: number) => number.toLocaleString('en-GB')
  const all = people === 1 ? '1 person' : `${inWords(people)} people`
  const covered = `${inWords(enrolled)} enrolled, ${inWords(missing)} required but missing`
  return countedInPart
    ? `More than ${all}; of the first ${inWords(people)}: ${covered}`
    : `${all}, ${covered}`
}
