import type { Request, Response } from 'express'
import { originOf } from '../http/origin.ts'
import type { Clock } from '../time/clock.ts'
import { factsOf, type Person, type Proofs } from './facts.ts'
import { saveProofs } from './save-proofs.ts'
import { stageOf } from './stages.ts'

/**
 * After something was proven: gives the session a new id (the old one is dead) and new proofs, and sends the
 * browser to the page of the stage that follows from them. No handler decides where to go next.
 */
export async function proceed(
  req: Request,
  res: Response,
  clock: Clock,
  person: Person,
  proofs: Proofs,
): Promise<void> {
  const from = res.locals.stage
  await new Promise<void>((resolve, reject) => {
    req.session.regenerate((error?: unknown) => (error ? reject(error) : resolve()))
  })
  req.session.begunFrom = originOf(req)
  await saveProofs(req, proofs)
  const stage = stageOf(factsOf(proofs, person, clock.now()))
  req.log.info({ from, to: stage.name, userId: person.id }, 'stage')
  res.redirect(303, stage.name === 'signed-in' ? (proofs.next ?? stage.page) : stage.page)
}
