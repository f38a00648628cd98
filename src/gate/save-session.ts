import type { Request } from 'express'

/** Stores the session before anything is sent: a browser may follow a redirect faster than the row gets there. */
export function saveSession(req: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.save((error?: unknown) => (error ? reject(error) : resolve()))
  })
}
