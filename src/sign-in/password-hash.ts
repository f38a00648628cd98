import { availableParallelism } from 'node:os'
import { hash, verify } from '@node-rs/argon2'
import pLimit from 'p-limit'
import { UnavailableError } from '../unavailable-error.ts'

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

/** How many may wait for their turn: about a second's worth. Beyond it people get 503 at once, not a hung page. */
const MAX_WAITING = 50 * THREADS
let admitted = 0

/** Thrown when too many passwords are being checked already, before an attempt is spent. */
export class OverloadedError extends UnavailableError {
  override readonly page = 'overloaded'

  constructor() {
    super('Too many sign-ins at once')
    this.name = 'OverloadedError'
  }
}

/** Runs `work`, which hashes a password, if there is room for it; throws OverloadedError if not. */
export async function admit<Result>(work: () => Promise<Result>): Promise<Result> {
  if (admitted >= MAX_WAITING) throw new OverloadedError()
  admitted += 1
  try {
    return await work()
  } finally {
    admitted -= 1
  }
}

/** Argon2id, as a PHC string with a salt of its own. */
export function hashPassword(password: string): Promise<string> {
  return limit(() => hash(password, PARAMETERS))
}

/**
 * Whether the password is right. Without a hash (nobody has the address, or no password was ever set) a fixed
 * one is compared, so that both take as long.
 */
export async function passwordMatches(passwordHash: string | null, password: string): Promise<boolean> {
  const matches = await limit(() => verify(passwordHash ?? NOBODYS_HASH, password))
  return matches && passwordHash !== null
}

/** Whether a hash was made with other parameters than today's, and so is made anew at the next sign-in. */
export function isOutdated(passwordHash: string): boolean {
  return !passwordHash.startsWith(PREFIX)
}

// Of a random password that was thrown away.
const NOBODYS_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$hZd0HFF+Dn6PfPi0rTl1mw$+fEux2R5Gc7opTuGur3ER2STTiMaTFkGhP59tu/ZBfk'
