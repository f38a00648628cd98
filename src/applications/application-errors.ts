import type { Deps } from '../deps.ts'
import { BY_THE_PRODUCT, type Origin, record } from '../platform/audit/record.ts'
import { MINUTE } from '../platform/time/durations.ts'

export type RecordApplicationError = (
  error: string,
  details: { applicationId?: string; route?: string; [more: string]: unknown },
  origin: Origin,
) => Promise<void>

/**
 * Records wrong requests for applications. An attacker may send any number of them from any number of addresses, so
 * each process records one of a kind per minute, with the number of those it left out since. The kind: the application
 * if it is known, the endpoint and the error. The log has all of them.
 */
export function applicationErrors({ db, clock }: Pick<Deps, 'db' | 'clock'>): RecordApplicationError {
  const kinds = new Map<string, { recordedAt: number; leftOut: number }>()

  return async (error, details, origin) => {
    const kind = [details.applicationId, details.route, error].join(' ')
    const now = clock.now()
    const last = kinds.get(kind)
    if (last && now.getTime() - last.recordedAt < MINUTE) {
      last.leftOut += 1
      return
    }
    kinds.set(kind, { recordedAt: now.getTime(), leftOut: 0 })
    await db.transaction((tx) =>
      record(tx, {
        ...BY_THE_PRODUCT,
        at: now,
        action: 'application.error',
        outcome: 'failure',
        origin,
        details: { ...details, error, leftOut: last?.leftOut ?? 0 },
      }),
    )
  }
}
