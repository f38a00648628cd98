import { sql } from 'drizzle-orm'
import { readSelfAndBelow, selfAndBelow } from '../access/hierarchy.queries.ts'
import { readCoverages } from '../mfa-policy/coverage.queries.ts'
import { type Coverage, coverageSentence, lackingIn } from '../mfa-policy/coverage.ts'
import type { Reader } from '../platform/db/client.ts'
import { users } from '../platform/db/schema/users.ts'
import { type LockedPeople, readLocked } from '../users/locked-out.queries.ts'

/** Larger trees are counted up to here. */
const COUNTED = 500
const SHOWN = 10

export interface AccountsBelow {
  sentence: string
  accounts: { id: string; name: string; sentence: string; missing: number }[]
  more: number
  /** Only a part of the tree was counted. */
  cutShort: boolean
  locked: LockedPeople
}

/** MFA in all accounts below one, those that lack most first. */
export async function readAccountsBelow(db: Reader, clientId: string, now: Date): Promise<AccountsBelow> {
  const [, ...rows] = await readSelfAndBelow(db, clientId, COUNTED + 2)
  const counted = rows.slice(0, COUNTED)
  const coverages = await readCoverages(
    db,
    counted.map(({ id }) => id),
    now,
  )
  const accounts = counted.flatMap(({ id, name }) => {
    const coverage = coverages.get(id)
    return coverage
      ? [{ id, name, sentence: coverageSentence(coverage), missing: lackingIn(coverage.missing) }]
      : []
  })
  const below = sql`${users.clientId} <> ${clientId} and ${users.clientId} in (${selfAndBelow(clientId)})`
  return {
    sentence: coverageSentence(sumOf([...coverages.values()])),
    accounts: accounts.toSorted((a, b) => b.missing - a.missing).slice(0, SHOWN),
    more: Math.max(0, accounts.length - SHOWN),
    cutShort: rows.length > COUNTED,
    locked: await readLocked(db, below, now),
  }
}

function sumOf(coverages: readonly Coverage[]): Coverage {
  const sum = (countOf: (coverage: Coverage) => number) =>
    coverages.reduce((total, coverage) => total + countOf(coverage), 0)
  return {
    people: sum(({ people }) => people),
    enrolled: sum(({ enrolled }) => enrolled),
    missing: { active: sum(({ missing }) => missing.active), invited: sum(({ missing }) => missing.invited) },
  }
}
