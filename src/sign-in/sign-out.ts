import { eq } from 'drizzle-orm'
import type { Request, Response } from 'express'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { sessionCookieName, sessionCookieOptions } from '../gate/session-cookie.ts'
import { storedId } from '../gate/session-store.ts'
import { byOneself, record } from '../platform/audit/record.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { leaveNotice } from '../platform/http/notice.ts'
import { originOf } from '../platform/http/origin.ts'

export async function signOut(deps: Deps, req: Request, res: Response): Promise<void> {
  await endOwnSession(deps, req, res, res.locals.person)
  res.redirect(303, '/sign-in')
}

/** Ends the session of a request. `person`: whose sign-out is recorded. */
export async function endOwnSession(
  { db, clock }: Deps,
  req: Request,
  res: Response,
  person: Person | null,
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.delete(sessions).where(eq(sessions.id, storedId(req.sessionID)))
    if (person) await record(tx, { ...byOneself(person, clock.now(), originOf(req)), action: 'sign-out' })
  })
  // With the cookie the gate would say that the session had ended.
  const secure: boolean = res.locals.secureCookies
  res.clearCookie(sessionCookieName(secure), sessionCookieOptions(secure))
  leaveNotice(res, 'signed-out')
}
