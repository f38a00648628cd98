import type { Request, Response } from 'express'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { storedId } from '../gate/session-store.ts'
import { noticeFor } from '../http/notice.ts'
import { browserTokensOf, hashBrowserToken, KNOWN_FOR_MS } from '../lockout/known-browser-cookie.ts'
import { readKnownBrowsers } from '../lockout/known-browsers.queries.ts'
import { describeDevice } from '../notifications/describe-device.ts'
import { readOwnSessions } from './own-sessions.queries.ts'
import { type PasswordProblems, problemsOf } from './password-form.ts'
import { readRecentSignIns } from './recent-sign-ins.queries.ts'

/** The account page, also with what is wrong with the passwords that were typed in it. */
export async function renderAccount(
  deps: Deps,
  req: Request,
  res: Response,
  answer: { problems: PasswordProblems; status: number } | null = null,
): Promise<void> {
  const { db, clock } = deps
  const person = personOf(res)
  const sessions = await readOwnSessions(db, person, storedId(req.sessionID), clock.now())
  res.status(answer?.status ?? 200).render('account/account', {
    roleGroupNames: person.roleGroups.map(({ name }) => name),
    authenticator: person.authenticator,
    sessions: sessions.map(({ storedId: _hidden, ...session }) => session),
    knownForMs: KNOWN_FOR_MS,
    browsers: await knownBrowsersFor(deps, req, person.id),
    signIns: await readRecentSignIns(db, person.id),
    problems: answer?.problems ?? problemsOf({}),
    // What went wrong is told instead.
    notice: answer ? null : noticeFor(req),
  })
}

/** The known browsers of a person as the page lists them. */
async function knownBrowsersFor({ db, clock, config }: Deps, req: Request, userId: string) {
  const own = browserTokensOf(req, config).map(hashBrowserToken)
  const browsers = await readKnownBrowsers(db, userId, clock.now())
  return browsers.map(({ tokenHash, userAgent, ...browser }) => ({
    ...browser,
    device: describeDevice(userAgent ?? ''),
    isThis: own.includes(tokenHash),
  }))
}
