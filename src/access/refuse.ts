import type { Response } from 'express'
import { renderNotFound } from '../platform/http/errors.ts'
import { durationText } from '../platform/time/duration-text.ts'
import { SECOND } from '../platform/time/durations.ts'
import { REFUSALS, type Refusal } from './refusals.ts'

const TITLES = { 403: 'You may not do this', 409: 'This is not possible now', 429: 'Too many for now' }

/** Answers a refusal with its status and sentence. `retryAfterMs`: how long it holds, if that is known. */
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
