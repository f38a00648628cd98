import type { IncomingMessage } from 'node:http'
import type { Request } from 'express'
import type { ActingSession } from '../gate/acting-session.ts'
import type { Person } from '../gate/facts.ts'
import { isSignedIn } from '../gate/stages.ts'
import type { Clock } from '../platform/time/clock.ts'

/** Who is signed in to the gate in a browser. */
export interface SignedIn {
  person: Person
  session: ActingSession
}

/** Null unless the gate would let the request in. Also null for requests of machines, which have no session. */
export function signedInBy(message: IncomingMessage, clock: Clock): SignedIn | null {
  const { session } = message as Partial<Request>
  const proofs = session?.proofs
  const metadata = session?.metadata
  const person = metadata?.person
  if (!proofs || !metadata || !person || !isSignedIn(proofs, person, clock.now())) return null
  return { person, session: { ...proofs, sessionId: metadata.id } }
}
