import type { Request } from 'express'
import { type ActingSession, actingSessionOf } from '../gate/acting-session.ts'
import type { Origin } from '../platform/audit/record.ts'
import { originOf } from '../platform/http/origin.ts'

/** A command as requested: who acts, what the form says, and from where. */
export interface ActRequest {
  actor: ActingSession
  form: Record<string, unknown>
  origin: Origin
}

/** The command in a request that the gate let past 'signed-out'. */
export function actRequestOf(req: Request): ActRequest {
  return { actor: actingSessionOf(req), form: req.body, origin: originOf(req) }
}
