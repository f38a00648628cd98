// The demo accounts have a published password, so they are created only where others cannot reach them.
import ipaddr from 'ipaddr.js'
import { isThisMachine, readEncryptionKeys, type StartConfig } from '../config.ts'
import { contentOf, seedDemoData } from '../demo/seed.ts'
import type { DatabasePool } from '../platform/db/client.ts'
import { startDatabaseClock } from '../platform/time/clock.ts'
import { StartError } from './start-error.ts'

type Settings = Pick<StartConfig, 'HOST' | 'PUBLIC_URL' | 'DATABASE_URL' | 'DEMO_DATA'>

export function isLocal({ HOST, PUBLIC_URL, DATABASE_URL }: Settings): boolean {
  const namesLocalhost = PUBLIC_URL === undefined || isThisMachine(new URL(PUBLIC_URL).hostname)
  return isLoopback(HOST) && namesLocalhost && DATABASE_URL === undefined
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback')
}

/** Throws StartError if others could reach the demo accounts of an earlier start. */
export async function prepareDemoData(
  config: Settings,
  { db, sql }: DatabasePool,
  keys: string,
): Promise<'nothing' | 'demo' | 'accounts'> {
  const local = isLocal(config)
  if (config.DEMO_DATA ?? local) {
    const clock = await startDatabaseClock(sql)
    try {
      await seedDemoData(db, { clock, keys: readEncryptionKeys(keys) })
    } finally {
      clock.stop()
    }
  }
  const content = await contentOf(db)
  if (content === 'demo' && !local && config.DEMO_DATA !== true)
    throw new StartError(
      'This database has demo accounts, whose password is published, and HOST, PUBLIC_URL or DATABASE_URL lets others reach them. Give another DATA_DIR or DATABASE_URL, or set DEMO_DATA=on if that is what you want.',
    )
  return content
}
