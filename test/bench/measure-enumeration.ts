// Whether the response time reveals that an e-mail address has a user: sign-in and forgotten password.

import type { EnrolledUser } from '../../src/demo/bulk-seed.ts'
import type { DatabasePool } from '../../src/platform/db/client.ts'
import { makeRunFolder, removeRunFolder } from '../support/run-folder.ts'
import { Connection } from './connection.ts'
import { type OnStop, someUsers, startProduct } from './product.ts'
import { type RankTest, rankTest } from './rank-test.ts'
import { table } from './report.ts'
import { loadNow, type Section, type SectionOptions } from './section.ts'
import { percentile } from './spread.ts'

const SAMPLES = 250
const QUICK_SAMPLES = 50
const WARM_UP = 20
const LOCKED = 5
const LOCKOUT_ATTEMPTS = 5
const WRONG = 'not the password of anybody here'

const GROUPS = [
  'unknown address',
  'wrong password',
  'disabled, wrong password',
  'locked, unknown',
  'locked, known',
  'forgotten, unknown',
  'forgotten, known',
] as const
type Group = (typeof GROUPS)[number]

/** Requests whose times must not differ. */
const PAIRS: [Group, Group][] = [
  ['unknown address', 'wrong password'],
  ['unknown address', 'disabled, wrong password'],
  ['wrong password', 'disabled, wrong password'],
  ['locked, unknown', 'locked, known'],
  ['forgotten, unknown', 'forgotten, known'],
]

export interface EnumerationFigures {
  loadBefore: number
  samples: number
  groups: { group: Group; p50Ms: number; p95Ms: number }[]
  pairs: ({ one: Group; other: Group; medianDifferenceMs: number } & RankTest)[]
}

/** One request of a group, each time of a person, or of an address, that was not used before. */
type Ask = { path: string; form: Record<string, string>; status: number }

export async function benchEnumeration(
  { quick }: SectionOptions,
  onStop: OnStop,
  say: (line: string) => void,
): Promise<Section> {
  const loadBefore = loadNow()
  const samples = quick ? QUICK_SAMPLES : SAMPLES
  const folder = await makeRunFolder('on-disk')
  onStop(() => removeRunFolder(folder))
  const users: EnrolledUser[] = []
  // Not all of them are active.
  const seed = someUsers(5 * (samples + WARM_UP) + LOCKED)
  const seedAndKeep: typeof seed = async (database, keys) => {
    users.push(...(await seed(database, keys)))
    return users
  }
  say('Bringing up PostgreSQL, web and users …')
  const product = await startProduct(folder, seedAndKeep, onStop, { ADDRESS_ATTEMPTS: '100000' })
  const connection = await Connection.open(product.origin)
  onStop(async () => connection.close())

  const asks = await prepare(product.database, users, samples + WARM_UP)
  for (const locked of asks.lock)
    for (let i = 0; i < LOCKOUT_ATTEMPTS; i += 1) await answered(connection, locked)
  say(`${samples} answers of each of ${GROUPS.length} groups, in turn …`)
  const times = await measure(connection, asks.of, samples)

  const groups = GROUPS.map((group) => ({
    group,
    p50Ms: percentile(times[group], 50),
    p95Ms: percentile(times[group], 95),
  }))
  const pairs = PAIRS.map(([one, other]) => ({
    one,
    other,
    medianDifferenceMs: percentile(times[one], 50) - percentile(times[other], 50),
    ...rankTest(times[one], times[other]),
  }))
  const figures: EnumerationFigures = { loadBefore, samples, groups, pairs }
  return { figures, text: enumerationText(figures) }
}

async function prepare(database: DatabasePool, users: readonly EnrolledUser[], count: number) {
  const left = [...users]
  const take = (many: number) => {
    if (left.length < many) throw new Error('too few users were seeded')
    return left.splice(0, many)
  }
  const [known, disabled, forgetful, locked] = [take(count), take(count), take(count), take(LOCKED)]
  await database.sql`update users set status = 'disabled' where id in ${database.sql(disabled.map(({ id }) => id))}`

  let made = 0
  /** Like the addresses of users. */
  const unknown = ({ email }: EnrolledUser) => {
    made += 1
    return email.replace('@', `.${made}@`)
  }
  const signIn = (email: string, password: string, status: number): Ask => ({
    path: '/sign-in',
    form: { email, password },
    status,
  })
  const forgotten = (email: string): Ask => ({ path: '/forgot-password', form: { email }, status: 200 })
  const lockedKnown = locked.map(({ email }) => email)
  const lockedUnknown = locked.map(unknown)
  const nth = (emails: readonly string[], i: number) => emails[i % emails.length] ?? ''
  const of: Record<Group, Ask[]> = {
    'unknown address': known.map((user) => signIn(unknown(user), WRONG, 401)),
    'wrong password': known.map(({ email }) => signIn(email, WRONG, 401)),
    'disabled, wrong password': disabled.map(({ email }) => signIn(email, WRONG, 401)),
    'locked, unknown': known.map((_, i) => signIn(nth(lockedUnknown, i), WRONG, 429)),
    'locked, known': known.map((_, i) => signIn(nth(lockedKnown, i), WRONG, 429)),
    'forgotten, unknown': known.map((user) => forgotten(unknown(user))),
    'forgotten, known': forgetful.map(({ email }) => forgotten(email)),
  }
  return { of, lock: [...lockedKnown, ...lockedUnknown].map((email) => signIn(email, WRONG, 401)) }
}

/** One answer of each group a round, in another order each time, so that what else the machine does hits all alike. */
async function measure(connection: Connection, asks: Record<Group, Ask[]>, samples: number) {
  const times = Object.fromEntries(GROUPS.map((group) => [group, [] as number[]])) as Record<Group, number[]>
  for (let round = -WARM_UP; round < samples; round += 1)
    for (const group of shuffled(GROUPS)) {
      const ask = asks[group].pop()
      if (!ask) throw new Error(`nothing is left to ask of ${group}`)
      const tookMs = await answered(connection, ask)
      if (round >= 0) times[group].push(tookMs)
    }
  return times
}

async function answered(connection: Connection, { path, form, status }: Ask): Promise<number> {
  const began = performance.now()
  const answer = await connection.send(path, null, form)
  const tookMs = performance.now() - began
  if (answer.status !== status) throw new Error(`${path} was answered ${answer.status}, not ${status}`)
  return tookMs
}

function shuffled<T>(values: readonly T[]): T[] {
  const left = [...values]
  return values.flatMap(() => left.splice(Math.floor(Math.random() * left.length), 1))
}

function enumerationText({ loadBefore, samples, groups, pairs }: EnumerationFigures): string {
  const exact = (figure: number) => `${figure.toFixed(2)} ms`
  return `
ENUMERATION BY TIME: ${samples} answers a group, one at a time. Load average before: ${loadBefore.toFixed(1)}.
${table([
  ['answer to', 'p50', 'p95'],
  ...groups.map(({ group, p50Ms, p95Ms }) => [group, exact(p50Ms), exact(p95Ms)]),
])}

${table([
  ['Mann-Whitney U', 'difference of medians', 'the first takes longer', 'p'],
  ...pairs.map(({ one, other, medianDifferenceMs, larger, p }) => [
    `${one} / ${other}`,
    exact(medianDifferenceMs),
    `${(larger * 100).toFixed(0)} % of the time`,
    p < 0.0001 ? '< 0.0001' : p.toFixed(4),
  ]),
])}
How to read it: where an answer's time tells nothing, the first takes longer in 50 % of the comparisons, and p is small
only by chance (below 0.01 once in 20 runs, as there are ${pairs.length} pairs).
`
}
