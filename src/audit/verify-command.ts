// npm run audit:verify [-- --expect SEQ:HASH …]: walks the hash chain over the audit log and names the first row that
// is not as it was sealed. Exit code 1 if there is one. It prints the head of the chain: kept where nobody who can
// change the database can reach it, and given back with --expect, it also shows that the end was cut off or that the
// whole chain was written anew.
import { readOptions, runCommand, UsageError } from '../command.ts'
import { readVerifyConfig } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { showProgress } from '../show-progress.ts'
import { databaseUrlOf } from '../start/database-url.ts'
import { type Broken, type ChainReport, type Harm, type Pin, verifyChain } from './verify-chain.ts'

const USAGE = 'npm run audit:verify -- [--expect SEQ:HASH …]'

const HARMS: Record<Harm, string> = {
  changed: 'it was changed after it was sealed, or its seal was',
  removed: 'it was removed',
  inserted: 'it was inserted past the chain, or its seal was removed',
  reordered: 'its place in the chain was changed',
  'seal-missing': 'this seal was removed',
  rewritten: 'the chain was written anew: this is not the seal that is expected',
  'cut-off': 'the end of the chain was cut off: the seal that is expected is not there',
}

await runCommand(async () => {
  const pins = readPins()
  const pool = openDatabase(await databaseUrlOf(readVerifyConfig(process.env)), 'portcullis-audit-verify', 1)
  try {
    const report = await verifyChain(pool.db, pins, progress())
    process.stdout.write(reportText(report))
    if (report.broken) process.exitCode = 1
  } finally {
    await pool.close()
  }
})

function readPins(): Pin[] {
  const { expect } = readOptions({ expect: { type: 'string', multiple: true, default: [] } }, USAGE)
  return expect.map((text) => {
    const [, seq, hash] = /^([1-9][0-9]{0,14}):([0-9a-f]{64})$/i.exec(text) ?? []
    if (seq === undefined || hash === undefined) throw new UsageError(USAGE)
    return { seq: Number(seq), hash: hash.toLowerCase() }
  })
}

function progress(): (done: number, total: number) => void {
  let show: ((done: number) => void) | undefined
  return (done, total) => {
    show ??= showProgress(total, process.stderr, 'seals')
    show(done)
  }
}

function reportText({ verified, unsealed, head, broken }: ChainReport): string {
  const waiting = `${unsealed} ${unsealed === 1 ? 'event waits' : 'events wait'} to be sealed.`
  if (broken)
    return `BROKEN at ${placeOf(broken)}: ${HARMS[broken.harm]}.\n${verified} seals before it are right. ${waiting}\n`
  if (!head) return `Nothing is sealed yet. ${waiting}\n`
  return `All ${verified} sealed events are as they were sealed. ${waiting}\nHead: ${head.seq}:${head.hash}\n`
}

function placeOf({ seq, eventId }: Broken): string {
  return [seq === null ? [] : `seal ${seq}`, eventId === null ? [] : `event ${eventId}`].flat().join(', ')
}
