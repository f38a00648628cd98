import { setTimeout as pause } from 'node:timers/promises'
import { SECOND } from '../../src/platform/time/durations.ts'
import type { Answer } from './browser.ts'

const TRIES = 60

/**
 * The answer once the attempt is judged. A loaded machine answers 503 and counts nothing: the attempt is sent again after
 * a second.
 */
export async function judged<Judged extends Pick<Answer, 'status'>>(
  send: () => Promise<Judged>,
): Promise<Judged> {
  for (let tries = 1; ; tries += 1) {
    const answer = await send()
    if (answer.status !== 503) return answer
    if (tries === TRIES) throw new Error(`${TRIES} tries were answered 503`)
    await pause(SECOND)
  }
}
