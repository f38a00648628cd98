import type { Request } from 'express'
import type { Config } from '../config.ts'
import type { Deps } from '../deps.ts'
import { type ActingSession, actingSessionOf } from '../gate/acting-session.ts'
import type { Origin } from '../platform/audit/record.ts'
import type { Reader } from '../platform/db/client.ts'
import { originOf } from '../platform/http/origin.ts'

/** What a command on a user needs. Its `db` may be a transaction, of which the command is then a part. */
export type ActDeps = Pick<Deps, 'clock'> & {
  db: Reader
  config: Pick<Config, 'ENCRYPTION_KEYS' | 'INVITATIONS_OPEN_MAX' | 'INVITATIONS_PER_HOUR'>
}

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
