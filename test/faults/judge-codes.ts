// Whether each code was accepted once, and locks began and ended on time. Pure.
import { grouped } from './grouped.ts'
import { describe } from './judge-events.ts'
import { type Entry, outcomeOf } from './ledger.ts'

export interface Lock {
  person: string
  kind: 'password' | 'code'
  from: number
  /** Its time, or when an Admin or a reset ended it. */
  until: number
  /** How many events say that it has ended. */
  endings: number
  /** Another lock of the same kind began after it. A job that comes so late records one end for both. */
  isFollowed: boolean
}

/** What the processes may differ in their reading of the database's clock. */
const CLOCK_TOLERANCE_MS = 100

export interface CodesVerdict {
  violations: string[]
  /** Codes that were sent from two browsers at once. */
  replayed: number
  locks: number
}

export function judgeCodes(entries: readonly Entry[], locks: readonly Lock[]): CodesVerdict {
  const codes = entries.filter(({ act, right }) => act === 'verify' && right)
  const violations: string[] = []
  const byCode = grouped(codes, ({ person, about }) => `${person} ${about}`)
  const sentTwice = [...byCode.values()].filter(({ length }) => length > 1)
  for (const same of sentTwice) {
    const accepted = same.filter(isAccepted)
    if (accepted.length > 1) violations.push(`accepted twice: ${accepted.map(describe).join('; ')}`)
  }

  const locksOf = grouped(locks, ({ person }) => person)
  for (const entry of entries) {
    if (entry.act !== 'verify' && entry.act !== 'sign-in') continue
    const kind = entry.act === 'verify' ? 'code' : 'password'
    const own = (locksOf.get(entry.person) ?? []).filter((lock) => lock.kind === kind)
    const locked = own.some(({ from, until }) => from < entry.sentAt && until > entry.answeredAt)
    const mayBeLocked = own.some(
      ({ from, until }) => from < entry.answeredAt && until + CLOCK_TOLERANCE_MS > entry.sentAt,
    )
    if (isAccepted(entry) && locked) violations.push(`accepted during a lock: ${describe(entry)}`)
    if (entry.status === 429 && !mayBeLocked) violations.push(`refused without a lock: ${describe(entry)}`)
    const isRefusedRightCode = entry.act === 'verify' && entry.right && entry.status === 401
    if (isRefusedRightCode && byCode.get(`${entry.person} ${entry.about}`)?.length === 1)
      violations.push(`a right code refused: ${describe(entry)}`)
  }
  for (const { person, kind, from, endings, isFollowed } of locks)
    if (endings !== 1 && !(endings === 0 && isFollowed))
      violations.push(
        `a lock that ended ${endings} times: ${kind} of ${person} from ${new Date(from).toISOString()}`,
      )
  return { violations, replayed: sentTwice.length, locks: locks.length }
}

function isAccepted(entry: Entry): boolean {
  return outcomeOf(entry) === 'verify 303 /'
}
