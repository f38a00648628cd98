import type { Request, Response } from 'express'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { factsOf, type Person, type Proofs } from '../gate/facts.ts'
import { saveProofs } from '../gate/save-proofs.ts'
import { type StageName, stageOf } from '../gate/stages.ts'
import { rememberBrowser } from '../lockout/remember-browser.ts'
import { originOf } from '../platform/http/origin.ts'
import { beginEnrolment } from './begin-enrolment.ts'

declare global {
  namespace Express {
    interface Locals {
      /** Set by the step that moved a sign-in to another stage. */
      moved?: { from: StageName; to: StageName }
    }
  }
}

/** Gives the session a new id and the new proofs, and redirects to its stage. Enrolment begins here: a GET changes nothing. */
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
  const stage = stageOf(factsOf(proofs, person, deps.clock.now()))
  const admitted = stage.name === 'signed-in' && { admitted: true }
  await saveProofs(req, { ...proofs, ...admitted })
  if (stage.name === 'enrol') {
    const beginning = { session: actingSessionOf(req), how: 'anew' } as const
    await beginEnrolment(deps, person, beginning, originOf(req))
  }
  if (stage.name === 'signed-in') await rememberBrowser(deps, req, res, proofs, originOf(req))
  req.log.info({ from, to: stage.name, userId: person.id }, 'stage')
  res.locals.moved = { from, to: stage.name }
  res.redirect(303, stage.name === 'signed-in' ? (proofs.next ?? stage.page) : stage.page)
}
