import { randomBytes } from 'node:crypto'
import { and, eq, inArray, lt } from 'drizzle-orm'
import { recordEntry } from '../applications/record-entry.ts'
import type { Deps } from '../deps.ts'
import type { Origin } from '../platform/audit/record.ts'
import { hashToken } from '../platform/crypto/link-token.ts'
import type { Transaction } from '../platform/db/client.ts'
import { passCodes, passes } from '../platform/db/schema/passes.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { MINUTE } from '../platform/time/durations.ts'
import { judgePass } from './judge-pass.ts'
import { readPass } from './pass.queries.ts'

/** Tabs that are handed over at once each make a pass, and the browser keeps the last one. */
const OLDER_PASSES_MS = MINUTE

export interface Redemption {
  host: string
  applicationId: string
  code: string
  /** The cookie of the browser that began. */
  begun: string
}

export type Redeemed =
  | { ok: true; pass: string }
  /** 'code': unknown, used, expired, or of another browser or host. 'ended': the person may no longer enter. */
  | { ok: false; problem: 'code' | 'ended' }

/** Exchanges a code for a pass. A code works once: also a wrong try uses it up. */
export function redeemPassCode(deps: Deps, redemption: Redemption, origin: Origin): Promise<Redeemed> {
  const { host, applicationId, code, begun } = redemption
  return deps.db.transaction(async (tx): Promise<Redeemed> => {
    const codeHash = hashToken(code)
    await lockSession(tx, codeHash)
    const [given] = await tx.delete(passCodes).where(eq(passCodes.codeHash, codeHash)).returning()
    const now = deps.clock.now()
    const fits =
      given !== undefined &&
      given.applicationId === applicationId &&
      given.begunHash.equals(hashToken(begun)) &&
      given.expiresAt > now
    if (!fits) return { ok: false, problem: 'code' }

    const { sessionId } = given
    const pass = randomBytes(32).toString('base64url')
    const passHash = hashToken(pass)
    await deleteOlderPasses(tx, sessionId, applicationId, now)
    await tx.insert(passes).values({ passHash, sessionId, applicationId, createdAt: now })
    const row = await readPass(tx, { host, passHash }, now)
    const judgement = row && judgePass({ ...row, proofs: row.session?.proofs }, now)
    if (!row || judgement?.verdict !== 'enter') {
      await tx.delete(passes).where(eq(passes.passHash, passHash))
      return { ok: false, problem: 'ended' }
    }
    await recordEntry(tx, { person: judgement.person, application: row.application, now }, origin)
    return { ok: true, pass }
  })
}

/** The session before its codes and passes: ending a session locks in this order. */
async function lockSession(tx: Transaction, codeHash: Buffer): Promise<void> {
  const sessionOfCode = tx
    .select({ id: passCodes.sessionId })
    .from(passCodes)
    .where(eq(passCodes.codeHash, codeHash))
  await tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(inArray(sessions.id, sessionOfCode))
    .for('key share')
}

async function deleteOlderPasses(
  tx: Transaction,
  sessionId: string,
  applicationId: string,
  now: Date,
): Promise<void> {
  await tx
    .delete(passes)
    .where(
      and(
        eq(passes.sessionId, sessionId),
        eq(passes.applicationId, applicationId),
        lt(passes.createdAt, new Date(now.getTime() - OLDER_PASSES_MS)),
      ),
    )
}
