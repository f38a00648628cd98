import type { Request } from 'express'
import type { Proofs } from './facts.ts'

/**
 * Puts proofs into the session and stores it before anything is sent: a browser may follow a redirect faster than the
 * row gets there.
 */
export function saveProofs(req: Request, proofs: Proofs): Promise<void> {
  req.session.proofs = proofs
  return new Promise((resolve, reject) => {
    req.session.save((error?: unknown) => (error ? reject(error) : resolve()))
  })
}
