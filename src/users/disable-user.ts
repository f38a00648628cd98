import { eq } from 'drizzle-orm'
import { actOnUser, type UserOutcome, type UserRequest } from '../access/act-on-user.ts'
import type { ActDeps } from '../access/act-request.ts'
import { readEvidence } from '../access/evidence.ts'
import { mayDisable } from '../access/rules.ts'
import { tellOfAdministrator } from '../access/tell-administrators.ts'
import { endSessions } from '../gate/end-sessions.ts'
import { endKnownBrowsers } from '../lockout/end-known-browsers.ts'
import { record } from '../platform/audit/record.ts'
import { users } from '../platform/db/schema/users.ts'
import { notify } from '../platform/mail/notify.ts'

/** Disables a user and ends their sessions. Authenticator, role groups and locks stay. */
export function disableUser(deps: ActDeps, request: UserRequest): Promise<UserOutcome> {
  return actOnUser(deps, request, {
    action: 'user.disabled',
    rule: mayDisable,
    readEvidence,
    carryOut: async (tx, person, event) => {
      const { id, status } = person
      await tx.update(users).set({ status: 'disabled' }).where(eq(users.id, id))
      await endSessions(tx, id, event.at, 'disabled')
      await endKnownBrowsers(tx, id, event.at)
      const eventId = await record(tx, event)
      if (status === 'active') await notify(tx, { to: id, kind: 'account-disabled', eventId, facts: {} })
      await tellOfAdministrator(tx, person, eventId, 'disabled')
    },
  })
}
