// npm run audit:verify [-- --expect SEQ:HASH …] [--expect-file FILE …]: checks the chain; exit code 1 if it is broken.
import { readFile } from 'node:fs/promises'
import { type AuditKey, ConfigurationError, readAuditKeys, readVerifyConfig } from '../config.ts'
import { type Head, headText } from '../platform/audit/seals.queries.ts'
import { type Broken, type ChainReport, type Harm, verifyChain } from '../platform/audit/verify-chain.ts'
import { openDatabase } from '../platform/db/client.ts'
import { readOptions, runCommand, UsageError } from '../platform/run-command.ts'
import { databaseUrlOf } from '../start/database-url.ts'
import { existingSecret } from '../start/secrets.ts'
import { showProgress } from './show-progress.ts'

const USAGE = 'npm run audit:verify -- [--expect SEQ:HASH …] [--expect-file FILE …]'

const repeatable = { type: 'string' as const, multiple: true as const, default: [] }

const HEAD = /(?<![0-9a-z])([1-9][0-9]{0,14}):([0-9a-f]{64})(?![0-9a-z])/gi

const HARMS: Record<Harm, string> = {
  changed:
    'it was changed after it was sealed, or its seal was, or AUDIT_KEYS has another key under the same id',
  removed: 'it was removed',
  inserted: 'it was inserted past the chain, or its seal was removed',
  reordered: 'its place in the chain was changed',
  'seal-missing': 'this seal was removed',
  'key-unknown': 'its key is not among AUDIT_KEYS: give every key that was ever used',
  keyless: 'this seal was made without a key, although seals before it have one',
  'not-taken-over':
    'no seal has a key. If the worker has run with AUDIT_KEYS, the seals with keys were removed; if not, start it',
  rewritten: 'the chain was written anew: this is not the seal that is expected',
  'cut-off': 'the end of the chain was cut off: the seal that is expected is not there',
}

class ExpectFileError extends Error {}

await runCommand(async () => {
  const pins = await readPins()
  const config = readVerifyConfig(process.env)
  const keys = config.AUDIT_KEYS ?? (await keptKeys(config.DATA_DIR))
  const pool = openDatabase(await databaseUrlOf(config), 'portcullis-audit-verify', 1)
  try {
    const report = await verifyChain(pool.db, { keys, pins }, progress())
    process.stdout.write(reportText(report, pins))
    if (report.broken) process.exitCode = 1
  } finally {
    await pool.close()
  }
}, [ExpectFileError])

async function readPins(): Promise<Head[]> {
  const { expect, 'expect-file': files } = readOptions(
    { expect: repeatable, 'expect-file': repeatable },
    USAGE,
  )
  const typed = expect.map((text) => {
    const [head] = headsIn(text)
    if (!head || headText(head) !== text.toLowerCase()) throw new UsageError(USAGE)
    return head
  })
  const kept = await Promise.all(files.map(headsInFile))
  return [...typed, ...kept.flat()]
}

function headsIn(text: string): Head[] {
  return [...text.matchAll(HEAD)].map(([, seq, hash = '']) => ({
    seq: Number(seq),
    hash: hash.toLowerCase(),
  }))
}

async function headsInFile(path: string): Promise<Head[]> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new ExpectFileError(`${path} cannot be read.`)
  })
  const heads = headsIn(text)
  if (heads.length === 0) throw new ExpectFileError(`${path} has no SEQ:HASH in it.`)
  return heads
}

async function keptKeys(dataDir: string): Promise<AuditKey[]> {
  const kept = await existingSecret(dataDir, 'audit-keys')
  if (kept === null) throw new ConfigurationError(['AUDIT_KEYS must be given: those that the worker has'])
  return readAuditKeys(kept)
}

function progress(): (done: number, total: number) => void {
  let show: ((done: number) => void) | undefined
  return (done, total) => {
    show ??= showProgress(total, process.stderr, 'seals')
    show(done)
  }
}

function reportText(
  { verified, keyless, unsealed, head, broken }: ChainReport,
  pins: readonly Head[],
): string {
  const waiting = `${unsealed} ${unsealed === 1 ? 'event waits' : 'events wait'} to be sealed.`
  const pinned =
    pins.length === 0
      ? 'No pin was given: a cut tail is not found by this run. Give a head that was logged or mailed with --expect.'
      : `${pins.length} ${pins.length === 1 ? 'pin was' : 'pins were'} compared.`
  const lines = broken
    ? [
        `BROKEN at ${placeOf(broken)}: ${HARMS[broken.harm]}.`,
        `${verified} seals before it are right. ${waiting}`,
      ]
    : head
      ? [`All ${verified} sealed events are as they were sealed. ${waiting}`, `Head: ${headText(head)}`]
      : [`Nothing is sealed yet. ${waiting}`]
  const before =
    keyless > 0
      ? [`Seals 1 to ${keyless} are from before there were keys; the first seal with a key covers them.`]
      : []
  return [...lines, ...before, pinned, ''].join('\n')
}

function placeOf({ seq, eventId }: Broken): string {
  return [seq === null ? [] : `seal ${seq}`, eventId === null ? [] : `event ${eventId}`].flat().join(', ')
}
