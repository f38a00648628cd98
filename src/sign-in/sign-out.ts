import type { Request, Response } from 'express'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { sessionCookieName, sessionCookieOptions } from '../gate/session-cookie.ts'
import { record } from '../platform/audit/record.ts'
import { leaveNotice } from '../platform/http/notice.ts'
import { originOf } from '../platform/http/origin.ts'

/** Signs out: the session ends on the server; the cookie alone opens nothing any more. */
export async function signOut({ db, clock }: Deps, req: Request, res: Response): Promise<void> {
  const person: Person | null = res.locals.person
  await new Promise<void>((resolve, reject) => {
    req.session.destroy((error?: unknown) => (error ? reject(error) : resolve()))
  })
  if (person)
    await db.transaction((tx) =>
      record(tx, {
        at: clock.now(),
        action: 'sign-out',
        outcome: 'success',
        origin: originOf(req),
        clientId: person.clientId,
        actorId: person.id,
        subjectId: person.id,
      }),
    )
  // Else the gate would tell whoever comes back that their sign-in had been ended.
  const secure: boolean = res.locals.secureCookies
  res.clearCookie(sessionCookieName(secure), sessionCookieOptions(secure))
  leaveNotice(res, 'signed-out')
  res.redirect(303, '/sign-in')
}
