import type { Request } from 'express'
import type { Proofs } from './facts.ts'

/** Stores proofs before anything is sent: a browser may follow a redirect before the session row is written. */
export function saveProofs(req: Request, proofs: Proofs): Promise<void> {
  req.session.proofs = proofs
  return new Promise((resolve, reject) => {
    req.session.save((error?: unknown) => (error ? reject(error) : resolve()))
  })
}
