import { and, gt, isNull, lte, or } from 'drizzle-orm'
import { signingKeys } from '../platform/db/schema/signing-keys.ts'
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
