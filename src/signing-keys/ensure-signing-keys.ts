import { setTimeout as sleep } from 'node:timers/promises'
import { and, gt, isNull, lte, or } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import { signingKeys } from '../platform/db/schema/signing-keys.ts'
import { watchOutage } from '../platform/outbox/watch-outage.ts'
import { SECOND } from '../platform/time/durations.ts'
import { SIGNING_ALGS } from './plan-rotation.ts'
import { rotateSigningKeys } from './rotate-signing-keys.ts'

type EnsureDeps = Parameters<typeof rotateSigningKeys>[0]

/** Makes the first keys. Several processes may call it at once. */
export async function ensureSigningKeys(deps: EnsureDeps): Promise<void> {
  const now = deps.clock.now()
  const { alg, signsFrom, leavesAt } = signingKeys
  const signing = await deps.db
    .selectDistinct({ alg })
    .from(signingKeys)
    .where(and(lte(signsFrom, now), or(isNull(leavesAt), gt(leavesAt, now))))
  if (signing.length < SIGNING_ALGS.length) await rotateSigningKeys(deps, 'when-due')
}

/** The same for a process that may start before its database: tries again each second. */
export async function ensureSigningKeysInTime(
  deps: EnsureDeps & Pick<Deps, 'log'>,
  stopping: AbortSignal,
): Promise<void> {
  const outage = watchOutage(deps.log, {
    began: 'The first signing keys cannot be made. Until then no user can sign in to an application.',
    ended: 'There are signing keys.',
  })
  while (!stopping.aborted) {
    try {
      await ensureSigningKeys(deps)
      return outage.ended()
    } catch (error) {
      outage.began(error)
      await sleep(SECOND, undefined, { signal: stopping }).catch(() => {})
    }
  }
}
