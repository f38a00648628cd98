// What is done to the processes and servers of an installation, in an order that a seed repeats.
import { setTimeout as pause } from 'node:timers/promises'
import { HOUR, SECOND } from '../../src/platform/time/durations.ts'
import { REDIS_INSTALLED } from '../support/redis-server.ts'
import { ConnectionHolders } from './connection-holders.ts'
import { freezePostgres } from './freeze.ts'
import type { Installation } from './installation.ts'
import type { Random } from './random.ts'
import type { Supervised } from './supervised.ts'

type Strike = (installation: Installation, random: Random) => Promise<void>

const OF_WEB: Readonly<Record<string, Strike>> = {
  'web killed': async ({ webs }, random) => random.oneOf(webs).crash(),
  'rolling restart': async ({ webs, workers }) => {
    for (const running of [...webs, ...workers]) await running.restart()
  },
}

const OF_WORKERS: Readonly<Record<string, Strike>> = {
  'worker killed': async ({ workers }, random) => random.oneOf(workers).crash(),
}

const OF_CLOCKS: Readonly<Record<string, Strike>> = {
  'clock an hour ahead': ({ webs, workers }, random) =>
    moveClock(random.oneOf([...webs, ...workers]), HOUR, random),
  'clock an hour behind': ({ webs, workers }, random) =>
    moveClock(random.oneOf([...webs, ...workers]), -HOUR, random),
}

/** A process that is killed meanwhile starts with the right time. */
async function moveClock(process: Supervised, aheadMs: number, random: Random): Promise<void> {
  process.tell({ aheadMs })
  await pause(random.between(1, 4) * SECOND)
  process.tell({ aheadMs: 0 })
}

/** Kills are more frequent than restarts. */
const WEB_ROUND = [...Array(9).fill('web killed'), 'rolling restart']

const OF_SERVERS: Readonly<Record<string, Strike>> = {
  'PostgreSQL restarted fast': async ({ cluster }) => {
    await cluster.stop('fast')
    await cluster.revive()
  },
  'PostgreSQL restarted at once': async ({ cluster }) => {
    await cluster.stop('immediate')
    await cluster.revive()
  },
  'PostgreSQL frozen': async ({ sql }, random) => {
    const goOn = await freezePostgres(sql)
    await pause(random.between(1, 4) * SECOND)
    goOn()
  },
  'PostgreSQL out of connections': async ({ sql, env }, random) => {
    const holders = new ConnectionHolders(env.DATABASE_URL ?? '')
    try {
      await holders.takeAll(sql)
      await pause(random.between(1, 4) * SECOND)
    } finally {
      await holders.leave()
    }
  },
  'mail server refusing': async ({ mailServer }, random) => {
    await mailServer.stop()
    await pause(random.between(1, 4) * SECOND)
    await mailServer.start()
  },
  'mail server hanging': async ({ mailServer }, random) => {
    mailServer.stalling = true
    await pause(random.between(1, 4) * SECOND)
    mailServer.stalling = false
    mailServer.answerStalled()
  },
  'mail server dropping after DATA': async ({ mailServer }, random) => {
    mailServer.dropping = true
    await pause(random.between(0.5, 2) * SECOND)
    mailServer.dropping = false
  },
}

const OF_REDIS: Readonly<Record<string, Strike>> = {
  'Redis killed': async ({ redis }, random) => {
    await redis?.stop()
    await pause(random.between(0.2, 3) * SECOND)
    await redis?.start()
  },
  'Redis emptied': async ({ redis }) => redis?.empty(),
  'Redis frozen': async ({ redis }, random) => {
    redis?.freeze()
    await pause(random.between(1, 5) * SECOND)
    redis?.thaw()
  },
}

const OF_DISK: Readonly<Record<string, Strike>> = {
  // It may end, as a full disk ends it where its log cannot be written. Then it is started again, as by systemd.
  'PostgreSQL out of disk': async ({ disk, cluster }, random) => {
    disk?.fill()
    await pause(random.between(1, 4) * SECOND)
    disk?.free()
    await cluster.revive()
  },
}

const OF_REDIS_MEMORY: Readonly<Record<string, Strike>> = {
  'Redis out of memory': async ({ redis }, random) => {
    await redis?.limitMemory(1)
    await pause(random.between(1, 4) * SECOND)
    await redis?.limitMemory(0)
  },
}

export interface Struck {
  kind: string
  from: number
  to: number
}

/** Strikes web, workers, servers and clocks until `isOver`, one of each at a time. */
export async function strike(
  installation: Installation,
  random: Random,
  isOver: () => boolean,
): Promise<Struck[]> {
  const struck: Struck[] = []
  const { redis, disk } = installation
  const servers = {
    ...OF_SERVERS,
    ...(disk && OF_DISK),
    ...(redis && OF_REDIS),
    ...(redis && REDIS_INSTALLED && OF_REDIS_MEMORY),
  }

  async function keepOn(strikes: Readonly<Record<string, Strike>>, round: readonly string[], own: Random) {
    while (!isOver())
      for (const kind of own.shuffled(round)) {
        await pause(own.between(0.5, 2.5) * SECOND)
        if (isOver()) return
        const from = Date.now()
        await strikes[kind]?.(installation, own)
        struck.push({ kind, from, to: Date.now() })
      }
  }

  await Promise.all([
    keepOn(OF_WEB, WEB_ROUND, random.branch()),
    keepOn(OF_WORKERS, Object.keys(OF_WORKERS), random.branch()),
    keepOn(OF_CLOCKS, Object.keys(OF_CLOCKS), random.branch()),
    keepOn(servers, Object.keys(servers), random.branch()),
  ])
  return struck
}
