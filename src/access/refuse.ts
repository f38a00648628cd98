import type { Response } from 'express'
import { renderNotFound } from '../http/errors.ts'
import { REFUSALS, type Refusal } from './refusals.ts'

const TITLES = { 403: 'You may not do this', 409: 'This has changed in the meantime' }

/** Answers a refusal with its status and sentence. */
export function refuse(res: Response, refusal: Refusal): void {
  const { status, sentence } = REFUSALS[refusal]
  if (status === 404) renderNotFound(res)
  else res.status(status).render('errors/error', { status, title: TITLES[status], advice: sentence })
}
