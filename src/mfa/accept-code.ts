import { and, eq, sql } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { readStage } from '../gate/read-stage.ts'
import type { StageName } from '../gate/stages.ts'
import { limitedByAddress } from '../lockout/address-limit.ts'
import { changeLockout, lockoutSetting } from '../lockout/change-lockout.ts'
import type { LockoutKey, StoredLockout } from '../lockout/lockouts.queries.ts'
import {
  clear,
  codeLockOf,
  giveBack,
  type LockoutState,
  MAX_CONSECUTIVE_CODE_FAILURES,
} from '../lockout/policy.ts'
import { giveBackAttempt, givingBackOnError, spendAttempt, whileUnderWay } from '../lockout/spend-attempt.ts'
import { type AuditEntry, auditRows, byOneself, type Origin } from '../platform/audit/record.ts'
import { unseal } from '../platform/crypto/sealed-secret.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { type CodeOutcome, failCode, refuseCode } from './fail-code.ts'
import { matchingStep } from './totp.ts'

interface Acceptance {
  stage: StageName
  /** The new code count. The attempt of `spentAt` is still pending in it. */
  count: (state: StoredLockout, spentAt: Date) => LockoutState
  event: Pick<AuditEntry, 'action' | 'details'>
}

const ACCEPTANCES: Record<'verify' | 'presence', Acceptance> = {
  // The code count clears only when a sign-in completes.
  verify: {
    stage: 'verify',
    count: clear,
    event: { action: 'sign-in.completed', details: { with: 'code' } },
  },
  // Older failures stay.
  presence: { stage: 'signed-in', count: giveBack, event: { action: 'presence' } },
}

/**
 * Checks a code of the active authenticator. The attempt is spent first, and a right code is accepted once. The stage is
 * asked again: a sign-in that ended while the code was on its way stays ended.
 */
export function acceptCode(
  deps: Deps,
  session: ActingSession,
  code: string,
  purpose: keyof typeof ACCEPTANCES,
  origin: Origin,
): Promise<CodeOutcome> {
  return limitedByAddress(deps, origin, () => acceptOnAccount(deps, session, code, purpose, origin))
}

async function acceptOnAccount(
  deps: Deps,
  session: ActingSession,
  code: string,
  purpose: keyof typeof ACCEPTANCES,
  origin: Origin,
): Promise<CodeOutcome> {
  const { clock, config } = deps
  const { sessionId } = session
  const [active, { stage, person }] = await Promise.all([
    readForCode(deps, session.userId),
    readStage(deps, session),
  ])
  const accepted = ACCEPTANCES[purpose]
  // During a lock the code is refused as locked, below.
  const isOver = !person || (stage !== accepted.stage && !codeLockOf(person, clock.now()))
  if (!active || isOver) return { ok: false, problem: 'superseded' }
  // Opened before the attempt is spent, so that a missing key locks no user out.
  const { authenticatorId } = active
  const secret = unseal(active.sealedSecret, { authenticatorId, userId: person.id }, config.ENCRYPTION_KEYS)

  const key = { subject: person.id, kind: 'code' as const }
  const spending = { key, known: person.codeLockout, person }
  const attempt = await spendAttempt(deps, spending, MAX_CONSECUTIVE_CODE_FAILURES)
  if (attempt.answer === 'refused') return refuseCode(deps, person, purpose, attempt.until, origin)

  return whileUnderWay(attempt, async () => {
    const now = clock.now()
    const step = matchingStep(secret, code, now)
    const failed = () => failCode(deps, person, { purpose, sessionId }, attempt, origin)
    if (step === null) return failed()
    const count = (state: StoredLockout) => accepted.count(state, attempt.spentAt)
    const event: AuditEntry = { ...byOneself(person, now, origin), ...accepted.event }
    const used = { authenticatorId, step, sessionId }
    const accept = () => acceptStep(deps, used, key, attempt.stored, count, event)
    if (await givingBackOnError(deps, attempt, accept)) return { ok: true, authenticatorId }

    const refusedBy = await givingBackOnError(deps, attempt, () => readAuthenticator(deps, authenticatorId))
    const reset = refusedBy !== null && refusedBy.status !== 'active'
    const sentTwice = refusedBy !== null && refusedBy.lastAcceptedStep === step
    if (reset || sentTwice) {
      // The code was right, but a reset or a double click came first: it costs no attempt.
      await giveBackAttempt(deps, attempt)
      return reset
        ? { ok: false, problem: 'superseded' }
        : { ok: false, problem: 'wrong', kind: 'code', lockedUntil: null, costsNothing: true }
    }
    return failed()
  })
}

/**
 * RFC 6238 section 5.2: a code is accepted once. One conditional UPDATE decides between parallel requests and a reset.
 * The same statement changes the count, records the event and clears the doubt about a sign-in with a wrong code.
 */
async function acceptStep(
  { db, sql, ask }: Deps,
  { authenticatorId, step, sessionId }: { authenticatorId: string; step: number; sessionId: string },
  key: LockoutKey,
  known: StoredLockout,
  count: (state: StoredLockout) => LockoutState,
  event: AuditEntry,
): Promise<boolean> {
  const [accepted] = await ask(
    () => sql<{ counted: boolean }[]>`
      with accepted as (
        update authenticators set last_accepted_step = ${step}, last_used_at = ${event.at.toISOString()}
        where id = ${authenticatorId} and status = 'active' and last_accepted_step < ${step}
        returning id
      ), counted as (
        update lockouts set ${lockoutSetting(sql, count(known), event.at)} from accepted
        where subject = ${key.subject} and kind = ${key.kind} and version = ${known.version}
        returning subject
      ), recorded as (
        insert into audit_events
        select event.* from accepted, json_populate_recordset(null::audit_events, ${auditRows([event])}) event
      ), completed as (
        -- After the count, in the order in which a wrong code locks both.
        delete from doubtful_sign_ins using accepted left join counted on true where session_id = ${sessionId}
      )
      select exists (select from counted) as counted from accepted`,
  )
  if (!accepted) return false
  // Another attempt changed the count meanwhile.
  if (!accepted.counted) await changeLockout(db, key, event.at, count)
  return true
}

const codeQuery = preparedOnce((db) =>
  db
    .select({
      authenticatorId: authenticators.id,
      sealedSecret: authenticators.sealedSecret,
    })
    .from(authenticators)
    .where(and(eq(authenticators.userId, sql.placeholder('userId')), eq(authenticators.status, 'active')))
    .prepare('read_for_code'),
)

async function readForCode({ db }: Deps, userId: string) {
  const [row] = await codeQuery(db).execute({ userId })
  return row?.sealedSecret ? { authenticatorId: row.authenticatorId, sealedSecret: row.sealedSecret } : null
}

async function readAuthenticator({ db }: Deps, authenticatorId: string) {
  const [row] = await db
    .select({ status: authenticators.status, lastAcceptedStep: authenticators.lastAcceptedStep })
    .from(authenticators)
    .where(eq(authenticators.id, authenticatorId))
  return row ?? null
}
