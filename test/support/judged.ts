import { MINUTE } from '../../src/time/durations.ts'
import type { Answer } from './browser.ts'
import { eventually } from './eventually.ts'

/**
 * The answer to an attempt, which is sent again while the answer is that there is too much to do (503): a loaded machine
 * answers so, and it proves nothing about a lock.
 */
export function judged(send: () => Promise<Answer>): Promise<Answer> {
  const judgement = async () => {
    const answer = await send()
    return answer.status !== 503 && answer
  }
  return eventually('the attempt is judged', judgement, MINUTE)
}
