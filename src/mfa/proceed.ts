import type { Request, Response } from 'express'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { factsOf, type Person, type Proofs } from '../gate/facts.ts'
import { saveProofs } from '../gate/save-proofs.ts'
import { stageOf } from '../gate/stages.ts'
import { rememberBrowser } from '../lockout/remember-browser.ts'
import { originOf } from '../platform/http/origin.ts'
import { beginEnrolment } from './begin-enrolment.ts'

/**
 * After something was proven: gives the session a new id (the old one is dead) and new proofs, and sends the
 * browser to the page of the stage that follows from them. No handler decides where to go next. Who comes to the stage
 * enrol gets a secret here, so that the page which shows it need not make one. Where the sign-in is complete by that, the
 * browser is known from now on.
 */
export async function proceed(
  req: Request,
  res: Response,
  deps: Pick<Deps, 'db' | 'clock' | 'config'>,
  person: Person,
  proofs: Proofs,
): Promise<void> {
  const from = res.locals.stage
  await new Promise<void>((resolve, reject) => {
    req.session.regenerate((error?: unknown) => (error ? reject(error) : resolve()))
  })
  req.session.begunFrom = originOf(req)
  await saveProofs(req, proofs)
  const stage = stageOf(factsOf(proofs, person, deps.clock.now()))
  if (stage.name === 'enrol') {
    const beginning = { session: actingSessionOf(req), how: 'anew' } as const
    await beginEnrolment(deps, person, beginning, originOf(req))
  }
  if (stage.name === 'signed-in') await rememberBrowser(deps, req, res, proofs, originOf(req))
  req.log.info({ from, to: stage.name, userId: person.id }, 'stage')
  res.redirect(303, stage.name === 'signed-in' ? (proofs.next ?? stage.page) : stage.page)
}
