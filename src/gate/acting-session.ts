import type { Request } from 'express'
import type { Proofs } from './facts.ts'

/** The session that acts: what it has proven, and the stored id of its row, which must still be there when it acts. */
export interface ActingSession extends Proofs {
  sessionId: string
}

/** The session behind a request that the gate let past 'signed-out'. */
export function actingSessionOf(req: Request): ActingSession {
  const { proofs, metadata } = req.session
  if (!proofs || !metadata) throw new Error('the gate let nobody through here')
  return { ...proofs, sessionId: metadata.id }
}
