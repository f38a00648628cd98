import type { Response } from 'express'
import { renderNotFound } from '../platform/http/errors.ts'
import { durationText } from '../platform/time/duration-text.ts'
import { SECOND } from '../platform/time/durations.ts'
import type { Outcome } from './outcome.ts'
import { REFUSALS, type Refusal } from './refusals.ts'

const TITLES = { 403: 'You may not do this', 409: 'This is not possible now', 429: 'Too many for now' }

/** Answers the outcome of a command: `done` after a success, `again` to show the form with what is wrong. */
export async function answer<Done, Wrong>(
  res: Response,
  outcome: Outcome<Done, Wrong>,
  {
    done,
    again,
  }: { done: (done: Done) => void | Promise<void>; again: (wrong: Wrong) => void | Promise<void> },
): Promise<void> {
  if (outcome.ok) return done(outcome)
  if (outcome.refusal !== null) return refuse(res, outcome.refusal, outcome.retryAfterMs)
  await again(outcome)
}

/** Answers a refusal with its status and sentence. `retryAfterMs`: when the limit ends, if that is known. */
export function refuse(res: Response, refusal: Refusal, retryAfterMs?: number): void {
  const { status, sentence } = REFUSALS[refusal]
  if (status === 404) {
    renderNotFound(res)
    return
  }
  if (retryAfterMs !== undefined) res.set('Retry-After', String(Math.ceil(retryAfterMs / SECOND)))
  const again = retryAfterMs === undefined ? '' : ` Try again in ${durationText(retryAfterMs)}.`
  res.status(status).render('errors/error', { status, title: TITLES[status], advice: sentence + again })
}
