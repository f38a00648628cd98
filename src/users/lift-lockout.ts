import { actOnUser, type UserOutcome, type UserRequest } from '../access/act-on-user.ts'
import { readEvidence } from '../access/evidence.ts'
import { mayUnlock } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { changeLockout } from '../lockout/change-lockout.ts'
import { readKnownBrowsers } from '../lockout/known-browsers.queries.ts'
import { readLockout } from '../lockout/lockouts.queries.ts'
import { endLock, lockInForce } from '../lockout/policy.ts'
import { whereOf } from '../lockout/record-lockout.ts'
import { record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { notify } from '../platform/mail/notify.ts'

/** Ends the locks of a user early, those of known browsers too. Repeated locks still grow. */
export function liftLockout(deps: Deps, request: UserRequest): Promise<UserOutcome> {
  return actOnUser(deps, request, {
    action: 'lockout.lifted',
    rule: mayUnlock,
    readEvidence,
    carryOut: async (tx, { id }, event) => {
      for (const { browserId, ...key } of await lockoutKeysOf(tx, id, event.at)) {
        if (!lockInForce(await readLockout(tx, key), event.at)) continue
        await changeLockout(tx, key, event.at, endLock)
        const { kind } = key
        const knownBrowser = browserId && { knownBrowser: browserId }
        const eventId = await record(tx, { ...event, details: { kind, ...knownBrowser, ...event.details } })
        await notify(tx, {
          to: id,
          kind: 'lockout-lifted',
          eventId,
          facts: { kind, where: whereOf(browserId) },
        })
      }
    },
  })
}

async function lockoutKeysOf(tx: Transaction, userId: string, now: Date) {
  const browsers = await readKnownBrowsers(tx, userId, now)
  return [
    { subject: userId, kind: 'password', browserId: null } as const,
    { subject: userId, kind: 'code', browserId: null } as const,
    ...browsers.map(({ id }) => ({ subject: id, kind: 'password', browserId: id }) as const),
  ]
}
