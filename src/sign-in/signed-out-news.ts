import { parseCookie } from 'cookie'
import type { Request, Response } from 'express'
import type { Deps } from '../deps.ts'
import { readHelp } from '../gate/branding.queries.ts'
import { readEndedSession } from '../gate/ended-session.queries.ts'
import type { Person } from '../gate/facts.ts'
import { sessionCookieName } from '../gate/session-cookie.ts'
import { storedId } from '../gate/session-store.ts'
import { setHelp } from '../gate/show-help.ts'
import { endedReason, type SignedOutReason, signedOutReason } from '../gate/signed-out-reason.ts'
import type { Reader } from '../platform/db/client.ts'
import { signedOutSentence } from './signed-out-sentence.ts'

/**
 * Why this browser is signed out, in a sentence for the sign-in page. Only the cookie of a session whose password was
 * right leads to a reason. Null without such a cookie, and after a sign-out, which clears it.
 */
export async function signedOutNews(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  req: Request,
  res: Response,
): Promise<string | null> {
  const now = clock.now()
  const ended = await readEnd(db, req, res, now)
  if (!ended) return null
  const { reason, person } = ended
  const { helper, ...branding } = await readHelp(db, person)
  if (person) setHelp(res, branding)
  return signedOutSentence(reason, person, { helper, now })
}

async function readEnd(
  db: Reader,
  req: Request,
  res: Response,
  now: Date,
): Promise<{ reason: SignedOutReason; person: Person | null } | null> {
  const { proofs, metadata } = req.session
  if (proofs) {
    const person = metadata?.person ?? null
    return { reason: signedOutReason(proofs, person, now), person }
  }
  const sid = cookieSid(req, res)
  if (sid === null) return null
  const ended = await readEndedSession(db, storedId(sid))
  const person = ended?.person ?? null
  return { reason: ended ? endedReason(ended.because, person) : 'over', person }
}

/** express-session replaces the id of a session that is not there. Unsigned: the id alone is the secret. */
function cookieSid(req: Request, res: Response): string | null {
  const cookie = parseCookie(req.get('cookie') ?? '')[sessionCookieName(res.locals.secureCookies)]
  if (cookie === undefined) return null
  return /^s:([^.]+)\./.exec(cookie)?.[1] ?? ''
}
