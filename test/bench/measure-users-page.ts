// The users page of accounts of very different sizes: what it costs must not grow with them.

import { bulkSeed, type EnrolledUser } from '../../src/demo/bulk-seed.ts'
import type { DatabasePool } from '../../src/platform/db/client.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { makeRunFolder, removeRunFolder } from '../support/run-folder.ts'
import { Connection } from './connection.ts'
import { cpuOfPage } from './measure-page-cpu.ts'
import type { SignInLoad, SignInsDone } from './people.tool.js'
import { type OnStop, type Seed, startProduct } from './product.ts'
import { ms, table } from './report.ts'
import { loadNow, type Section, type SectionOptions } from './section.ts'
import { spreadOf } from './spread.ts'
import { startTool } from './tool.ts'

const SIZES = [1_000, 100_000, 1_000_000]
const QUICK_SIZES = [1_000, 100_000]
const SHARE_ENROLLED = 0.1

export interface UsersPageFigures {
  loadBefore: number
  rounds: number
  sizes: number[]
  pages: { page: string; medianMs: number[]; rows: number[]; ratios: number[] }[]
  cpu: CpuOfPage[]
}

/** CPU of web for one page, by account; null off Linux. */
interface CpuOfPage {
  page: string
  webMs: (number | null)[]
}

/** An account with so many users, and what is looked for in it. */
interface Account {
  size: number
  /** Of its Admin, who is signed in. */
  cookie: string
  /** Of a user who is no Admin. */
  plainCookie: string
  connection: Connection
  /** A user after 90 % of the others. */
  deepId: string
  /** The e-mail address of one user. */
  email: string
}

type Address = (account: Account) => string

const list =
  (query: (account: Account) => Record<string, string>): Address =>
  (account) =>
    `/users?${new URLSearchParams(query(account))}`

const PAGES: [string, Address][] = [
  ['first page', list(() => ({}))],
  ['a deep page', list(({ deepId }) => ({ after: deepId }))],
  ['search: a first name', list(() => ({ q: 'mateo' }))],
  ['search: a surname', list(() => ({ q: 'meyer' }))],
  ['search: two letters', list(() => ({ q: 'ma' }))],
  ['search: an e-mail address', list(({ email }) => ({ q: email }))],
  ['search: the beginning of one', list(({ email }) => ({ q: email.split('@')[0] ?? '' }))],
  ['search: no match', list(() => ({ q: 'qzqzq' }))],
  ['role: Admin', list(() => ({ role: 'admin' }))],
  ['role: one that three people hold', list(() => ({ role: 'auditor' }))],
  ['MFA: enrolled', list(() => ({ mfa: 'enrolled' }))],
  ['MFA: not enrolled', list(() => ({ mfa: 'not-enrolled' }))],
  ['MFA: required but missing', list(() => ({ mfa: 'required-missing' }))],
  ['status: disabled', list(() => ({ status: 'disabled' }))],
  ['role, MFA and status', list(() => ({ role: 'tech-admin', mfa: 'not-enrolled', status: 'invited' }))],
  ['role and a surname', list(() => ({ role: 'tech-operator', q: 'meyer' }))],
  ['/mfa-policy', () => '/mfa-policy'],
]

const CPU_PAGES: [string, string, (account: Account) => string][] = [
  ['Home of a user', '/', ({ plainCookie }) => plainCookie],
  ['Home of an Admin', '/', ({ cookie }) => cookie],
  ['users page, 50 rows', '/users', ({ cookie }) => cookie],
  ['the same by status', '/users?sort=status', ({ cookie }) => cookie],
  ['the same by last sign-in', '/users?sort=last-sign-in', ({ cookie }) => cookie],
]

export async function benchUsersPage(
  { quick }: SectionOptions,
  onStop: OnStop,
  say: (line: string) => void,
): Promise<Section> {
  const loadBefore = loadNow()
  const sizes = quick ? QUICK_SIZES : SIZES
  const rounds = quick ? 11 : 31
  const folder = await makeRunFolder('on-disk')
  onStop(() => removeRunFolder(folder))
  const product = await startProduct(folder, accountsOf(sizes, say), onStop)
  const people = startTool<SignInLoad, SignInsDone>('people.tool.js', [product.origin, product.usersFile])
  onStop(async () => people.stop())

  const { cookies } = await people.ask({
    parallel: 1,
    warmUpMs: 0,
    measureMs: MINUTE,
    atMost: 2 * sizes.length,
  })
  const accounts = await Promise.all(
    sizes.map(async (size, index) => ({
      ...(await findPlaces(product.database, size)),
      size,
      cookie: cookies[2 * index] ?? '',
      plainCookie: cookies[2 * index + 1] ?? '',
      connection: await Connection.open(product.origin),
    })),
  )
  say(`${rounds} rounds of ${PAGES.length} pages of ${sizes.length} accounts …`)
  const pages = []
  for (const [page, address] of PAGES) pages.push({ page, ...(await measurePage(accounts, address, rounds)) })
  const cpu = []
  for (const [page, path, cookieOf] of CPU_PAGES)
    cpu.push({
      page,
      webMs: await cpuOfPage(
        product.pids.web,
        accounts.map((account) => ({ connection: account.connection, cookie: cookieOf(account) })),
        path,
        quick ? 60 : 300,
      ),
    })
  for (const { connection } of accounts) connection.close()
  const figures: UsersPageFigures = { loadBefore, rounds, sizes, pages, cpu }
  return { figures, text: usersPageText(figures) }
}

/** An account of each size, with its Admin, who is the first who can sign in, and another user. */
function accountsOf(sizes: readonly number[], say: (line: string) => void): Seed {
  return async (database, keys) => {
    const admins: EnrolledUser[] = []
    for (const size of sizes) {
      say(`Seeding ${size} users …`)
      const enrolled: EnrolledUser[] = []
      const request = { users: size, enrolled: size * SHARE_ENROLLED, accounts: 1, into: null }
      const onEnrolled = (user: EnrolledUser) => enrolled.push(user)
      await bulkSeed(database.db, request, { keys, onProgress: () => {}, onEnrolled })
      admins.push(...enrolled.slice(0, 1), ...(await firstPlainUser(database, enrolled)))
    }
    await addRareRoleGroup(database)
    await settle(database)
    return admins
  }
}

async function firstPlainUser(
  { sql }: DatabasePool,
  enrolled: readonly EnrolledUser[],
): Promise<EnrolledUser[]> {
  const admins = await sql<{ id: string }[]>`
    select m.user_id as id from memberships m join role_groups r on r.id = m.role_group_id where r.is_admin`
  const ids = new Set(admins.map(({ id }) => id))
  return enrolled.filter(({ id }) => !ids.has(id)).slice(0, 1)
}

async function addRareRoleGroup({ sql }: DatabasePool): Promise<void> {
  await sql`insert into role_groups (key, name, rank) values ('auditor', 'Auditor', 10)`
  await sql`
    insert into memberships (user_id, role_group_id)
    select few.id, r.id from role_groups r, clients c
      cross join lateral (select id from users u where u.client_id = c.id order by lower(email) limit 3) few
    where r.key = 'auditor'`
  await sql`
    insert into mfa_policies (client_id, role_group_id)
    select c.id, r.id from clients c, role_groups r where r.key in ('admin', 'tech-admin', 'tech-operator')
    on conflict do nothing`
}

/** As a database is that has been running for a while. */
async function settle({ sql }: DatabasePool): Promise<void> {
  const connection = await sql.reserve()
  await connection`set statement_timeout = 0`
  await connection`vacuum analyze`
  await connection`checkpoint`
  connection.release()
}

async function findPlaces({ sql }: DatabasePool, size: number): Promise<{ deepId: string; email: string }> {
  const [place] = await sql<{ deepId: string; email: string }[]>`
    with account as (
      select client_id from users group by client_id having count(*) = ${size}
    ), people as (
      select id, email, row_number() over (order by lower(name) collate "und-x-icu", id) as place
      from users where client_id = (select client_id from account)
    )
    select id as "deepId", email from people where place = ${Math.floor(size * 0.9)}`
  if (!place) throw new Error(`there is no account of ${size} users`)
  return place
}

/** Each account in turn, again and again, so that what else the machine does hits all alike. */
async function measurePage(accounts: readonly Account[], address: Address, rounds: number) {
  const times: number[][] = accounts.map(() => [])
  const rows: number[] = []
  const warmUp = 2
  for (let round = -warmUp; round < rounds; round += 1)
    for (const [index, account] of accounts.entries()) {
      const path = address(account)
      const began = performance.now()
      const { status, body } = await account.connection.send(path, account.cookie)
      const tookMs = performance.now() - began
      if (status !== 200) throw new Error(`${path} was answered ${status}\n${body.slice(0, 2000)}`)
      rows[index] = body.match(/data-user-id=/g)?.length ?? 0
      if (round >= 0) times[index]?.push(tookMs)
    }
  const medianMs = times.map((each) => spreadOf(each).median)
  const [smallest = Number.NaN] = medianMs
  return { medianMs, rows, ratios: medianMs.map((median) => median / smallest) }
}

function usersPageText({ loadBefore, rounds, sizes, pages, cpu }: UsersPageFigures): string {
  const name = (size: number) => size.toLocaleString('en')
  return `
USERS PAGE of accounts of ${sizes.map(name).join(', ')} users, over HTTP, one at a time. Load average before: ${loadBefore.toFixed(1)}.
${table([
  ['page', ...sizes.map((size) => `${name(size)} users`)],
  ...pages.map(({ page, medianMs, rows, ratios }) => [
    page,
    ...medianMs.map((median, index) => {
      const ratio = index === 0 ? '' : `, × ${ratios[index]?.toFixed(2)}`
      return `${ms(median)} (${rows[index]} rows${ratio})`
    }),
  ]),
])}

${table([
  ['CPU of web for one page', ...sizes.map((size) => `${name(size)} users`)],
  ...cpu.map(({ page, webMs }) => [page, ...webMs.map((each) => (each === null ? '–' : ms(each)))]),
])}
How to read it: medians of ${rounds} rounds in which the accounts take turns; × is the ratio to the smallest account. Up to
50 rows are shown, and each takes its time to be read and written: where the smallest account has fewer rows, its page
is smaller, and the ratio says that too.
`
}
