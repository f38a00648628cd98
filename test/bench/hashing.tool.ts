// Nothing but Argon2id, as the product does it: the same parameters, as many at a time, on a thread a core.
import { DEMO_PASSWORD } from '../../src/demo/demo-cast.ts'
import { hashPassword, passwordMatches } from '../../src/sign-in/password-hash.ts'
import { answerQuestions } from './tool.ts'

export interface HashingLoad {
  parallel: number
  measureMs: number
}

export interface HashingDone {
  perSecond: number
  /** CPU milliseconds of one password check. */
  cpuMsEach: number
}

const passwordHash = hashPassword(DEMO_PASSWORD)

answerQuestions(async ({ parallel, measureMs }: HashingLoad): Promise<HashingDone> => {
  const stored = await passwordHash
  const cpuBefore = process.cpuUsage()
  const began = performance.now()
  let checked = 0
  const checkAgainAndAgain = async () => {
    while (performance.now() - began < measureMs) {
      if (!(await passwordMatches(stored, DEMO_PASSWORD))) throw new Error('a right password does not match')
      checked += 1
    }
  }
  await Promise.all(Array.from({ length: parallel }, checkAgainAndAgain))
  const tookMs = performance.now() - began
  const { user, system } = process.cpuUsage(cpuBefore)
  return { perSecond: (checked / tookMs) * 1000, cpuMsEach: (user + system) / 1000 / checked }
})
