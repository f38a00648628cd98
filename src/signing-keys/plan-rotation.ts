// When signing keys begin, sign and leave. Pure.
import { DAY } from '../platform/time/durations.ts'

export const SIGNING_ALGS = ['RS256', 'EdDSA'] as const
export type SigningAlg = (typeof SIGNING_ALGS)[number]

/** Applications cache the JWKS, some for an hour and longer: a key is published long before it signs. */
export const NOTICE_MS = DAY
export const SIGNS_FOR_MS = 90 * DAY
/** Longer than any token lives. */
export const KEPT_MS = DAY

export interface PlannedKey {
  kid: string
  alg: SigningAlg
  signsFrom: Date
  leavesAt: Date | null
}

export interface RotationPlan {
  create: readonly { alg: SigningAlg; signsFrom: Date }[]
  leave: readonly { kid: string; leavesAt: Date }[]
}

/**
 * `when-due`: after 90 days. `with-notice`: a successor is published now and signs in a day. `at-once`: a key has
 * leaked, so its successor signs now and all others leave now.
 */
export type RotationMode = 'when-due' | 'with-notice' | 'at-once'

/** What is to be done now. With nothing to do, both lists are empty. */
export function planRotation(keys: readonly PlannedKey[], now: Date, mode: RotationMode): RotationPlan {
  const plans = SIGNING_ALGS.map((alg) => {
    const published = inSigningOrder(keys, now).filter((key) => key.alg === alg)
    return mode === 'at-once' ? replaceAll(alg, published, now) : replaceInTime(alg, published, now, mode)
  })
  return { create: plans.flatMap(({ create }) => create), leave: plans.flatMap(({ leave }) => leave) }
}

/** The published keys. The first one of an algorithm signs; keys that sign later stand behind it. */
export function inSigningOrder<Key extends Omit<PlannedKey, 'alg'>>(keys: readonly Key[], now: Date): Key[] {
  const signs = ({ signsFrom }: Key) => signsFrom <= now
  return keys
    .filter(({ leavesAt }) => leavesAt === null || leavesAt > now)
    .toSorted(
      (a, b) =>
        Number(signs(b)) - Number(signs(a)) ||
        b.signsFrom.getTime() - a.signsFrom.getTime() ||
        (a.kid < b.kid ? -1 : 1),
    )
}

function replaceAll(alg: SigningAlg, published: readonly PlannedKey[], now: Date): RotationPlan {
  return {
    create: [{ alg, signsFrom: now }],
    leave: published.map(({ kid }) => ({ kid, leavesAt: now })),
  }
}

function replaceInTime(
  alg: SigningAlg,
  published: readonly PlannedKey[],
  now: Date,
  mode: 'when-due' | 'with-notice',
): RotationPlan {
  const [current] = published
  if (!current || current.signsFrom > now) return { create: [{ alg, signsFrom: now }], leave: [] }
  const hasSuccessor = published.some(({ signsFrom }) => signsFrom > now)
  const noticed = now.getTime() + NOTICE_MS
  const due = current.signsFrom.getTime() + SIGNS_FOR_MS
  if (hasSuccessor || (mode === 'when-due' && noticed < due)) return { create: [], leave: [] }

  const signsFrom = new Date(mode === 'when-due' ? Math.max(due, noticed) : noticed)
  const leavesAt = new Date(signsFrom.getTime() + KEPT_MS)
  return {
    create: [{ alg, signsFrom }],
    leave: published.filter((key) => key.leavesAt === null).map(({ kid }) => ({ kid, leavesAt })),
  }
}
