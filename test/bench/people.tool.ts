// People who sign in, page by page, as they do with JavaScript off. Every answer is checked.
import { readFileSync } from 'node:fs'
import type { EnrolledUser } from '../../src/demo/bulk-seed.ts'
import { timeStep } from '../../src/mfa/totp.ts'
import { base32Decode, totp } from '../support/rfc6238.ts'
import { type Answer, Connection } from './connection.ts'
import { STEPS } from './steps.ts'
import { answerQuestions } from './tool.ts'

export interface SignInLoad {
  /** People who sign in at the same time, each repeatedly as another user. */
  parallel: number
  warmUpMs: number
  measureMs: number
  /** Stop after so many. */
  atMost?: number
}

export interface SignInsDone {
  /** All of them; `perSecond` and the times tell of those after the warm-up. */
  completed: number
  perSecond: number
  /** Milliseconds of each way, from its first request to the dashboard. */
  wholeMs: number[]
  /** The same step by step, in the order of STEPS. */
  stepMs: number[][]
  /** Of those who signed in last. */
  cookies: string[]
}

const COOKIES_KEPT = 80

const [origin = '', usersFile = ''] = process.argv.slice(2)
const users = JSON.parse(readFileSync(usersFile, 'utf8')) as EnrolledUser[]
const lastStepOf = new Map<EnrolledUser, number>()
let nextUser = 0

answerQuestions(async (load: SignInLoad): Promise<SignInsDone> => {
  const done: SignInsDone = {
    completed: 0,
    perSecond: 0,
    wholeMs: [],
    stepMs: STEPS.map(() => []),
    cookies: [],
  }
  const measureFrom = performance.now() + load.warmUpMs
  const measureTo = measureFrom + load.measureMs
  let begun = 0

  const person = async () => {
    const connection = await Connection.open(origin)
    while (performance.now() < measureTo && begun < (load.atMost ?? Number.POSITIVE_INFINITY)) {
      begun += 1
      const { times, cookie } = await signIn(connection, someUser())
      done.completed += 1
      done.cookies.push(cookie)
      const now = performance.now()
      if (now < measureFrom || now > measureTo) continue
      done.wholeMs.push(times.reduce((a, b) => a + b, 0))
      for (const [index, ms] of times.entries()) done.stepMs[index]?.push(ms)
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: load.parallel }, person))

  done.cookies = done.cookies.slice(-COOKIES_KEPT)
  done.perSecond = (done.wholeMs.length / load.measureMs) * 1000
  return done
})

/** A user whose present code was not used yet: a code works once. */
function someUser(): EnrolledUser {
  const user = users[nextUser % users.length]
  nextUser += 1
  const step = timeStep(new Date())
  if (!user || lastStepOf.get(user) === step) throw new Error('too few enrolled users for this machine')
  lastStepOf.set(user, step)
  return user
}

async function signIn(
  connection: Connection,
  { email, password, secret }: EnrolledUser,
): Promise<{ times: number[]; cookie: string }> {
  const times: number[] = []
  let cookie: string | null = null
  const step = async (
    expected: { status: number; location?: string; text?: string },
    path: string,
    form?: Record<string, string>,
  ) => {
    const began = performance.now()
    const answer = await connection.send(path, cookie, form)
    times.push(performance.now() - began)
    check(answer, expected, STEPS[times.length - 1])
    cookie = answer.cookie ?? cookie
  }

  await step({ status: 200, text: 'name="password"' }, '/sign-in')
  await step({ status: 303, location: '/mfa/verify' }, '/sign-in', { email, password })
  await step({ status: 200, text: email }, '/mfa/verify')
  await step({ status: 303, location: '/' }, '/mfa/verify', { code: totp(base32Decode(secret), new Date()) })
  await step({ status: 200, text: email }, '/')
  return { times, cookie: cookie ?? '' }
}

function check(
  { status, location, body }: Answer,
  expected: { status: number; location?: string; text?: string },
  step: string | undefined,
): void {
  const fits =
    status === expected.status &&
    (expected.location === undefined || location === expected.location) &&
    (expected.text === undefined || body.includes(expected.text))
  if (!fits)
    throw new Error(`the step '${step}' was answered ${status} ${location ?? ''}\n${body.slice(0, 2000)}`)
}
