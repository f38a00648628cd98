import { eq } from 'drizzle-orm'
import { actOnUser, type UserOutcome, type UserRequest } from '../access/act-on-user.ts'
import { readEvidence } from '../access/evidence.ts'
import { mayEndSessions } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { endSessions } from '../gate/end-sessions.ts'
import { record } from '../platform/audit/record.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { notify } from '../platform/mail/notify.ts'

/** Signs a user out everywhere. Password, authenticator and known browsers stay. */
export function endSessionsOfUser(deps: Deps, request: UserRequest): Promise<UserOutcome> {
  return actOnUser(deps, request, {
    action: 'user.sessions-ended',
    rule: mayEndSessions,
    readEvidence,
    carryOut: async (tx, { id, status }, event) => {
      const isSignedIn = (await tx.$count(sessions, eq(sessions.userId, id))) > 0
      await endSessions(tx, id, event.at, 'ended-by-admin')
      const eventId = await record(tx, event)
      if (status === 'active' && isSignedIn)
        await notify(tx, { to: id, kind: 'sessions-ended', eventId, facts: {} })
    },
  })
}
