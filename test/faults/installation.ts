// Two web and two worker processes behind a proxy, which are started again whenever they end, and people who use them.
import { randomInt } from 'node:crypto'
import { type BulkDeps, bulkSeed, type EnrolledUser } from '../../src/demo/bulk-seed.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { type Balancer, startBalancer } from '../support/balancer.ts'
import { builtModule } from '../support/processes.ts'
import { REDIS_INSTALLED, RedisServer } from '../support/redis-server.ts'
import { type Registered, RelyingParty, registerApplications } from './applications.ts'
import { LogoutTokens } from './logout-tokens.ts'
import { type Surroundings, SWIFT_WORKER, startSurroundings, WEB } from './product.ts'
import { Supervised } from './supervised.ts'

const WORKER = builtModule('workers/main.js')
const MOVED_CLOCK = builtModule('test/faults/moved-clock.js')
const USERS = 240
const ACCOUNTS = 8
/** Little log to write ahead, so that a full disk is soon felt, and as many connections as others can take quickly. */
const POSTGRES = {
  ownDisk: true,
  settings: ['max_connections=150', 'min_wal_size=32MB', 'max_wal_size=64MB'],
}
/** Short enough to see locks end. */
export const LOCK_SECONDS = 8

export type Engine = 'redis' | 'postgres'

export interface Installation extends Surroundings {
  engine: Engine
  redis: RedisServer | null
  balancer: Balancer
  webs: Supervised[]
  workers: Supervised[]
  enrolled: EnrolledUser[]
  party: RelyingParty
  logoutTokens: LogoutTokens
}

/** `swift`: workers that take over the jobs of a killed one within a second or two. */
export async function startInstallation(engine: Engine, swift: boolean): Promise<Installation> {
  const enrolled: EnrolledUser[] = []
  const logoutTokens = await new LogoutTokens().start()
  let registered: Registered = { id: '', secret: '' }
  const surroundings = await startSurroundings(async (db, keys) => {
    const deps: BulkDeps = { keys, onProgress: () => {}, onEnrolled: (user) => enrolled.push(user) }
    registered = await registerApplications(db, logoutTokens.uri)
    await bulkSeed(db, { users: USERS, enrolled: USERS, accounts: ACCOUNTS, into: null }, deps)
  }, POSTGRES)
  await requireMfaOfAll(surroundings, enrolled)
  // With a flag it is a server of its own.
  const flags = REDIS_INSTALLED ? ['--maxmemory-policy', 'noeviction'] : []
  const redis = engine === 'redis' ? await new RedisServer(flags).start() : null
  const balancer = await startBalancer()
  const env = {
    ...surroundings.env,
    ...(redis && { REDIS_URL: redis.url }),
    PUBLIC_URL: balancer.origin,
    LOCKOUT_DURATION: `${LOCK_SECONDS}s`,
    LOCKOUT_MAX_DURATION: `${LOCK_SECONDS}s`,
    INVITATIONS_OPEN_MAX: '100000',
    INVITATIONS_PER_HOUR: '100000',
    LOG_LEVEL: 'warn',
  }
  const ports = [await anyFreePort(), await anyFreePort()]
  balancer.ports = ports
  const webs = ports.map((port) => new Supervised(WEB, { ...env, PORT: String(port) }, MOVED_CLOCK))
  const workers = ports.map(
    (port) => new Supervised(swift ? SWIFT_WORKER : WORKER, { ...env, PORT: String(port) }, MOVED_CLOCK),
  )
  await Promise.all([...webs, ...workers].map((running) => running.ready()))

  return {
    ...surroundings,
    engine,
    redis,
    balancer,
    webs,
    workers,
    enrolled,
    party: await RelyingParty.open(balancer.origin, registered),
    logoutTokens,
    stop: async () => {
      for (const running of [...webs, ...workers]) running.stop()
      balancer.close()
      logoutTokens.stop()
      await redis?.stop()
      await surroundings.stop()
    },
  }
}

/** So that every user enrols again after a reset. */
async function requireMfaOfAll({ sql }: Surroundings, enrolled: readonly EnrolledUser[]): Promise<void> {
  await sql`
    insert into mfa_policies (client_id, role_group_id)
    select distinct u.client_id, r.id from users u cross join role_groups r
    where u.id = any(${enrolled.map(({ id }) => id)}) and r.key not in ('service-desk', 'operator')
    on conflict do nothing`
}

/** FAULT_SEED, or one of chance. */
export function seedOf(text: string | undefined): number {
  return text ? Number(text) : randomInt(2 ** 31)
}
