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

/**
 * How many can be hashed at once: no more than there are cores, nor than Node's pool has threads. `npm start` makes it a
 * thread a core; left alone it has four.
 */
const THREADS = Math.min(availableParallelism(), Number(process.env.UV_THREADPOOL_SIZE) || 4)

/**
 * How many are given to the pool at a time: one for each thread, as more would only slow each other, and one that waits
 * there. A thread that is done takes it up at once, instead of idling until the event loop comes round to the next.
 */
const HASHED_AT_A_TIME = THREADS + 1
const limit = pLimit(HASHED_AT_A_TIME)

/**
 * How many requests that hash a password are at work at a time: more than threads, as each also asks the database. The
 * others wait before they have begun anything.
 */
const queue = new TimedQueue(2 * THREADS)
/** How long one may take where no request sets a limit. */
const LIMIT_MS = 2 * SECOND

/** Thrown when too many passwords are being checked already, before an attempt is spent. */
export class OverloadedError extends UnavailableError {
  override readonly page = 'overloaded'

  constructor() {
    super('Too many sign-ins at once')
    this.name = 'OverloadedError'
  }
}

const timeLeftMs = () => currentDeadline()?.remainingMs ?? LIMIT_MS

/** Refuses a request that would have to wait too long, before anything of it is read. */
export const refuseWhileOverloaded: RequestHandler = (_req, _res, next) => {
  next(queue.hasRoom(timeLeftMs()) ? undefined : new OverloadedError())
}

/**
 * Runs `work`, which hashes a password, when its turn has come. Throws OverloadedError, without having begun it, as soon
 * as it is clear that it would take too long.
 */
export async function admit<Result>(work: () => Promise<Result>): Promise<Result> {
  const done = await queue.run(timeLeftMs(), work)
  if (!done) throw new OverloadedError()
  return done.result
}

/** Hashes in turn. Throws if the time of the request has passed before its turn came. */
function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  return limit(() => {
    currentDeadline()?.check()
    return work()
  })
}

/** Argon2id, as a PHC string with a salt of its own. */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, PARAMETERS))
}

/**
 * Whether the password is right. Without a hash (nobody has the address, or no password was ever set) a fixed
 * one is compared, so that both take as long.
 */
export async function passwordMatches(passwordHash: string | null, password: string): Promise<boolean> {
  const matches = await inTurn(() => verify(passwordHash ?? NOBODYS_HASH, password))
  return matches && passwordHash !== null
}

/** Whether a hash was made with other parameters than today's, and so is made anew at the next sign-in. */
export function isOutdated(passwordHash: string): boolean {
  return !passwordHash.startsWith(PREFIX)
}

// Of a random password that was thrown away.
const NOBODYS_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$hZd0HFF+Dn6PfPi0rTl1mw$+fEux2R5Gc7opTuGur3ER2STTiMaTFkGhP59tu/ZBfk'
