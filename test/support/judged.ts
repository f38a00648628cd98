import { setTimeout as pause } from 'node:timers/promises'
import { SECOND } from '../../src/platform/time/durations.ts'
import type { Answer } from './browser.ts'

const TRIES = 60

/**
 * The answer to an attempt, which is sent again a second later while the answer is that there is too much to do (503): a
 * loaded machine answers so, and it proves nothing about a lock.
 */
export async function judged(send: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    const answer = await send()
    if (answer.status !== 503) return answer
    if (tries === TRIES) throw new Error(`${TRIES} tries were answered 503`)
    await pause(SECOND)
  }
}
