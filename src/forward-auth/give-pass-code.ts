import { randomBytes } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { type EnteredApplication, type EntryVerdict, judgeEntry } from '../applications/judge-entry.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { Origin } from '../platform/audit/record.ts'
import { hashToken } from '../platform/crypto/link-token.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { passCodes } from '../platform/db/schema/passes.ts'
import { MINUTE } from '../platform/time/durations.ts'

const CODE_LIFE_MS = MINUTE

export interface PassRequest {
  host: string
  /** Of the browser that began at the host. Null if none did: then no code is given. */
  begunHash: Buffer | null
}

export type CodeGiven =
  | { ok: true; application: EnteredApplication; code: string | null }
  | Extract<EntryVerdict, { ok: false }>

/** Gives a signed-in person the code that becomes a pass at the host of an application, in the browser that began there. */
export function givePassCode(
  deps: Deps,
  session: ActingSession,
  { host, begunHash }: PassRequest,
  origin: Origin,
): Promise<CodeGiven> {
  return deps.db.transaction(async (tx): Promise<CodeGiven> => {
    const verdict = await judgeEntry(deps, tx, session, { which: eq(applications.host, host) }, origin)
    if (!verdict.ok) return verdict
    const { application, now } = verdict
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
