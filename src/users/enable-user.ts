import { eq } from 'drizzle-orm'
import { actOnUser, type UserOutcome, type UserRequest } from '../access/act-on-user.ts'
import { readEvidence } from '../access/evidence.ts'
import { mayEnable } from '../access/rules.ts'
import { tellOfAdministrator } from '../access/tell-administrators.ts'
import type { Deps } from '../deps.ts'
import { record } from '../platform/audit/record.ts'
import { users } from '../platform/db/schema/users.ts'
import { notify } from '../platform/mail/notify.ts'

/** Lets a disabled user in again. Who was never active is invited as before: MFA and all that is asked of them stays. */
export function enableUser(deps: Deps, request: UserRequest): Promise<UserOutcome> {
  return actOnUser(deps, request, {
    action: 'user.enabled',
    rule: mayEnable,
    readEvidence,
    carryOut: async (tx, person, event) => {
      const { id } = person
      const [user] = await tx.select({ activatedAt: users.activatedAt }).from(users).where(eq(users.id, id))
      // Active without ever having been it would skip what an invited person has to do first.
      const status = user?.activatedAt ? 'active' : 'invited'
      await tx.update(users).set({ status }).where(eq(users.id, id))
      const eventId = await record(tx, event)
      if (status === 'active') await notify(tx, { to: id, kind: 'account-enabled', eventId, facts: {} })
      await tellOfAdministrator(tx, person, eventId, 'enabled')
    },
  })
}
