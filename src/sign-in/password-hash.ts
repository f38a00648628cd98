import { AsyncLocalStorage } from 'node:async_hooks'
import { availableParallelism } from 'node:os'
import { hash, verify } from '@node-rs/argon2'
import type { RequestHandler } from 'express'
import pLimit from 'p-limit'
import { currentDeadline } from '../platform/db/deadline.ts'
import { SECOND } from '../platform/time/durations.ts'
import { UnavailableError } from '../platform/unavailable-error.ts'
import { TimedQueue } from './timed-queue.ts'

// OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, 2 passes, 1 lane at least.
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const PREFIX = '$argon2id$v=19$m=19456,t=2,p=1$'

/** Hashes at once: at most one a core, and one a thread of Node's pool (four, unless `npm start` sets more). */
const THREADS = Math.min(availableParallelism(), Number(process.env.UV_THREADPOOL_SIZE) || 4)

/** One for each thread and one that waits in the pool, so that no thread idles until the event loop runs. */
const HASHED_AT_A_TIME = THREADS + 1
const limit = pLimit(HASHED_AT_A_TIME)

/** More requests at work than threads, as each also asks the database. The others wait before they begin. */
const queue = new TimedQueue(2 * THREADS)
const LIMIT_MS = 2 * SECOND

/** Thrown before an attempt is spent, when too many passwords are being checked. */
export class OverloadedError extends UnavailableError {
  override readonly page = 'overloaded'

  constructor() {
    super('Too many sign-ins at once')
    this.name = 'OverloadedError'
  }
}

/** Requests whose password is being checked, and those that wait for it. */
export function hashQueueUse(): { running: number; waiting: number } {
  return queue.use
}

const timeLeftMs = () => currentDeadline()?.remainingMs ?? LIMIT_MS

/** Refuses a request that would wait too long, before its body is read. */
export const refuseWhileOverloaded: RequestHandler = (_req, _res, next) => {
  next(queue.hasRoom(timeLeftMs()) ? undefined : new OverloadedError())
}

/** Throws OverloadedError before `work`, which hashes a password, begins if it would take too long. */
export async function admit<Result>(work: () => Promise<Result>): Promise<Result> {
  const request = { hashed: false }
  const done = await queue.run(
    timeLeftMs(),
    () => admitted.run(request, work),
    () => request.hashed,
  )
  if (!done) throw new OverloadedError()
  return done.result
}

const admitted = new AsyncLocalStorage<{ hashed: boolean }>()

function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  return limit(() => {
    currentDeadline()?.check()
    const request = admitted.getStore()
    if (request) request.hashed = true
    return work()
  })
}

export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, PARAMETERS))
}

/** Whether the password is right. Without a hash a fixed one is compared, so that both take as long. */
export async function passwordMatches(passwordHash: string | null, password: string): Promise<boolean> {
  const matches = await inTurn(() => verify(passwordHash ?? UNKNOWN_HASH, password))
  return matches && passwordHash !== null
}

export function isOutdated(passwordHash: string): boolean {
  return !passwordHash.startsWith(PREFIX)
}

// Of a discarded random password.
const UNKNOWN_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$hZd0HFF+Dn6PfPi0rTl1mw$+fEux2R5Gc7opTuGur3ER2STTiMaTFkGhP59tu/ZBfk'
