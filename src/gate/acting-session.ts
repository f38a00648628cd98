import type { Request } from 'express'
import type { Proofs } from './facts.ts'

export interface ActingSession extends Proofs {
  sessionId: string
}

/** The session behind a request that the gate let past 'signed-out'. */
export function actingSessionOf(req: Request): ActingSession {
  const { proofs, metadata } = req.session
  if (!proofs || !metadata) throw new Error('a route is mounted outside the gate')
  return { ...proofs, sessionId: metadata.id }
}
