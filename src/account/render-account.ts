import type { Request, Response } from 'express'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { storedId } from '../gate/session-store.ts'
import { noticeFor } from '../http/notice.ts'
import { readOwnSessions } from './own-sessions.queries.ts'
import { type PasswordProblems, problemsOf } from './password-form.ts'
import { readRecentSignIns } from './recent-sign-ins.queries.ts'

/** The account page, also with what is wrong with the passwords that were typed in it. */
export async function renderAccount(
  { db, clock }: Deps,
  req: Request,
  res: Response,
  answer: { problems: PasswordProblems; status: number } | null = null,
): Promise<void> {
  const person = personOf(res)
  const sessions = await readOwnSessions(db, person, storedId(req.sessionID), clock.now())
  res.status(answer?.status ?? 200).render('account/account', {
    roleGroupNames: person.roleGroups.map(({ name }) => name),
    authenticator: person.authenticator,
    sessions: sessions.map(({ storedId: _hidden, ...session }) => session),
    signIns: await readRecentSignIns(db, person.id),
    problems: answer?.problems ?? problemsOf({}),
    // What went wrong is told instead.
    notice: answer ? null : noticeFor(req),
  })
}
