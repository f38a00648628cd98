import { eq, sql } from 'drizzle-orm'
import { readOperators } from '../access/operators.queries.ts'
import type { Deps } from '../deps.ts'
import { BY_THE_PRODUCT, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { signingKeys } from '../platform/db/schema/signing-keys.ts'
import { notifyAll } from '../platform/mail/notify.ts'
import { MINUTE } from '../platform/time/durations.ts'
import { newSigningKey } from './new-signing-key.ts'
import { planRotation, type RotationMode, type RotationPlan } from './plan-rotation.ts'

type RotationDeps = Pick<Deps, 'db' | 'clock'> & { config: Pick<Deps['config'], 'ENCRYPTION_KEYS'> }

/** Makes the keys that are needed, and lets others leave. Processes take turns: the second finds nothing to do. */
export function rotateSigningKeys(deps: RotationDeps, mode: RotationMode): Promise<RotationPlan> {
  return deps.db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('signing keys'))`)
    const now = deps.clock.now()
    const plan = planRotation(await tx.select().from(signingKeys), now, mode)
    if (plan.create.length === 0) return plan

    const made = await addKeys(tx, plan, deps.config, now)
    for (const { kid, leavesAt } of plan.leave)
      await tx.update(signingKeys).set({ leavesAt }).where(eq(signingKeys.kid, kid))
    const eventId = await record(tx, {
      ...BY_THE_PRODUCT,
      at: now,
      action: 'signing-keys.rotated',
      outcome: 'success',
      details: { mode, made, leaving: plan.leave.map(({ kid }) => kid) },
    })
    if (mode === 'at-once') await tellOperators(tx, eventId)
    return plan
  })
}

async function addKeys(
  tx: Transaction,
  { create }: RotationPlan,
  { ENCRYPTION_KEYS }: RotationDeps['config'],
  createdAt: Date,
): Promise<string[]> {
  // Finding the primes of an RSA key may take seconds on a busy machine.
  await tx.execute(sql.raw(`set local idle_in_transaction_session_timeout = ${MINUTE}`))
  const made: string[] = []
  for (const { alg, signsFrom } of create) {
    const key = await newSigningKey(alg, ENCRYPTION_KEYS)
    await tx.insert(signingKeys).values({ ...key, createdAt, signsFrom })
    made.push(key.kid)
  }
  return made
}

async function tellOperators(tx: Transaction, eventId: string): Promise<void> {
  const operators = await readOperators(tx)
  const mails = operators.map((to) => ({ to, kind: 'signing-keys-replaced', eventId, facts: {} }) as const)
  await notifyAll(tx, mails)
}
