import { randomBytes } from 'node:crypto'
import { type EntryRefusal, mayEnter } from '../applications/entry.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { factsOf } from '../gate/facts.ts'
import { holdSession } from '../gate/hold-session.ts'
import { isSignedIn } from '../gate/stages.ts'
import { byOneself, type Origin, record } from '../platform/audit/record.ts'
import { hashToken } from '../platform/crypto/link-token.ts'
import { passCodes } from '../platform/db/schema/passes.ts'
import { MINUTE } from '../platform/time/durations.ts'
import { type HostApplication, readAdmission } from './pass.queries.ts'

const CODE_LIFE_MS = MINUTE

export interface PassRequest {
  host: string
  /** Of the browser that began at the host. Null if none did: then no code is given. */
  begunHash: Buffer | null
}

export type CodeGiven =
  | { ok: true; application: HostApplication; code: string | null }
  | { ok: false; problem: 'refused'; refusal: EntryRefusal; application: HostApplication }
  /** 'superseded': the session ended during the request. */
  | { ok: false; problem: 'unknown-host' | 'superseded' }

/** Gives a signed-in person the code that becomes a pass at the host of an application, in the browser that began there. */
export function givePassCode(
  deps: Deps,
  session: ActingSession,
  { host, begunHash }: PassRequest,
  origin: Origin,
): Promise<CodeGiven> {
  return deps.db.transaction(async (tx): Promise<CodeGiven> => {
    const held = await holdSession(deps, tx, session)
    if (!held || !isSignedIn(session, held.person, held.now)) return { ok: false, problem: 'superseded' }
    const { person, now } = held
    const asked = await readAdmission(tx, host, person.id)
    if (!asked) return { ok: false, problem: 'unknown-host' }
    const { application, admission } = asked
    const { codeProven } = factsOf(session, person, now)
    const refusal = mayEnter({ roleGroups: person.roleGroups, codeProven }, admission)
    if (refusal !== null) {
      // Without MFA they are led to enrolment, not refused.
      if (refusal !== 'mfa')
        await record(tx, {
          ...byOneself(person, now, origin),
          action: 'application.entered',
          outcome: 'refused',
          details: { application: application.name, applicationId: application.id, refusal },
        })
      return { ok: false, problem: 'refused', refusal, application }
    }
    if (begunHash === null) return { ok: true, application, code: null }

    const code = randomBytes(32).toString('base64url')
    await tx.insert(passCodes).values({
      codeHash: hashToken(code),
      sessionId: session.sessionId,
      applicationId: application.id,
      begunHash,
      expiresAt: new Date(now.getTime() + CODE_LIFE_MS),
    })
    return { ok: true, application, code }
  })
}
