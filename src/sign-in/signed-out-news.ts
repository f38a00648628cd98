import { parseCookie } from 'cookie'
import type { Request, Response } from 'express'
import type { Deps } from '../deps.ts'
import { readEndedSession } from '../gate/ended-session.queries.ts'
import type { Person } from '../gate/facts.ts'
import { sessionCookieName } from '../gate/session-cookie.ts'
import { storedId } from '../gate/session-store.ts'
import { endedReason, signedOutReason } from '../gate/signed-out-reason.ts'
import { signedOutSentence } from './signed-out-sentence.ts'

/**
 * Why this browser is signed out, in a sentence for the sign-in page. Only the cookie of a session whose password was
 * right leads to a reason. Null without such a cookie, and after a sign-out, which clears it.
 */
export async function signedOutNews(
  { db }: Pick<Deps, 'db'>,
  req: Request,
  res: Response,
): Promise<string | null> {
  const { proofs, metadata } = req.session
  if (proofs) {
    const person = metadata?.person ?? null
    return signedOutSentence(signedOutReason(proofs, person), person)
  }
  const sid = cookieSid(req, res)
  if (sid === null) return null
  const ended = await readEndedSession(db, storedId(sid))
  const person: Person | null = ended?.person ?? null
  return signedOutSentence(ended ? endedReason(ended.because, person) : 'over', person)
}

/** express-session replaces the id of a session that is not there. Unsigned: the id alone is the secret. */
function cookieSid(req: Request, res: Response): string | null {
  const cookie = parseCookie(req.get('cookie') ?? '')[sessionCookieName(res.locals.secureCookies)]
  if (cookie === undefined) return null
  return /^s:([^.]+)\./.exec(cookie)?.[1] ?? ''
}
