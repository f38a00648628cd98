// Answers of the gate at the host of an application.
import type { RequestHandler, Response } from 'express'
import { HOST_PATH } from './host-address.ts'

declare global {
  namespace Express {
    interface Locals {
      /** Where pages find their stylesheet, if not at '/'. */
      assets?: string
    }
  }
}

export interface HostAnswer {
  status: number
  /** For programs, and for the log of the proxy in X-Portcullis-Reason. */
  error: string
  title: string
  advice: string
  link?: { href: string; label: string }
}

export const atHost: RequestHandler = (req, res, next) => {
  res.locals.assets = HOST_PATH
  if (!req.get('accept')?.includes('text/html')) res.locals.answersJson = true
  next()
}

/** A page for people, JSON for programs. */
export function answerAtHost(res: Response, { status, error, title, advice, link }: HostAnswer): void {
  res.status(status).set('X-Portcullis-Reason', error)
  if (res.locals.answersJson) res.json({ error, message: advice })
  else res.render('forward-auth/at-host', { title, advice, link })
}
