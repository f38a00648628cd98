import { mayUnlock } from '../access/rules.ts'
import { record } from '../audit/record.ts'
import type { Deps } from '../deps.ts'
import { notify } from '../notifications/notify.ts'
import { actOnUser, type UserOutcome, type UserRequest } from '../users/act-on-user.ts'
import { changeLockout } from './change-lockout.ts'
import { readLockout } from './lockouts.queries.ts'
import { endLock, lockInForce } from './policy.ts'

const KINDS = ['password', 'code'] as const

/** Lifts the locks of a user early, by the same permissions as a reset. The repeats stay counted. */
export function liftLockout(deps: Deps, request: UserRequest): Promise<UserOutcome> {
  return actOnUser(deps, request, {
    action: 'lockout.lifted',
    rule: mayUnlock,
    adminsSayWhy: true,
    carryOut: async (tx, { id }, event) => {
      for (const kind of KINDS) {
        const key = { subject: id, kind }
        if (!lockInForce(await readLockout(tx, key), event.at)) continue
        await changeLockout(tx, key, event.at, endLock)
        const eventId = await record(tx, { ...event, details: { kind, ...event.details } })
        await notify(tx, { to: id, kind: 'lockout-lifted', eventId, facts: { kind } })
      }
    },
  })
}
