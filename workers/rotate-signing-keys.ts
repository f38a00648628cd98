import { rotateSigningKeys } from '../src/signing-keys/rotate-signing-keys.ts'
import type { JobDeps } from './job.ts'

export async function rotateSigningKeysWhenDue(
  deps: Pick<JobDeps, 'db' | 'config' | 'clock' | 'log'>,
): Promise<void> {
  try {
    const { create } = await rotateSigningKeys(deps, 'when-due')
    if (create.length > 0) deps.log.info({ create }, 'New signing keys are published.')
  } catch (err) {
    deps.log.error({ err }, 'The signing keys could not be rotated. The next run retries.')
    throw err
  }
}
