import { ConfigurationError, readWorkerConfig, type WorkerConfig } from '../config.ts'
import { openDatabase, UnpatchedDriverError } from '../platform/db/client.ts'
import { checkDatabase } from './check-database.ts'
import { checkKeys } from './check-keys.ts'
import { checkAddress, checkMail } from './check-surroundings.ts'
import { checkQueues, checkWork } from './check-work.ts'
import { type Finding, findingsAbout, reasonOf } from './finding.ts'

/** Examines the whole installation. What cannot be examined is a finding too. */
export async function examine(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { ok, problem } = findingsAbout('configuration')
  try {
    const config = readWorkerConfig(env)
    return [ok('It adds up.'), ...(await examineWith(config))]
  } catch (error) {
    if (error instanceof ConfigurationError) return [problem(error.message)]
    throw error
  }
}

async function examineWith(config: WorkerConfig): Promise<Finding[]> {
  const outside = Promise.all([checkMail(config).then((mail) => [mail]), checkAddress(config)])
  return [...(await examineDatabase(config)), ...(await outside).flat()]
}

async function examineDatabase(config: WorkerConfig): Promise<Finding[]> {
  const { problem } = findingsAbout('database')
  let findings: Finding[] = []
  try {
    const pool = openDatabase(config.DATABASE_URL, 'portcullis-doctor', 2)
    try {
      findings = await checkDatabase(pool)
      if (findings.some(({ state }) => state === 'problem')) return findings
      return [
        ...findings,
        ...(await checkKeys(pool.db, config)),
        ...(await checkQueues(config)),
        ...(await checkWork(pool.db)),
      ]
    } finally {
      await pool.close()
    }
  } catch (error) {
    const isUnpatched = error instanceof UnpatchedDriverError
    return [
      ...findings,
      problem(
        isUnpatched ? error.message : `It cannot be examined (${reasonOf(error)}). Check DATABASE_URL.`,
      ),
    ]
  }
}
