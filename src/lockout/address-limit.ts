import { and, eq, isNull, sql } from 'drizzle-orm'
import ipaddr from 'ipaddr.js'
import type { Deps } from '../deps.ts'
import { BY_THE_PRODUCT, type Origin, record } from '../platform/audit/record.ts'
import { withoutDeadline } from '../platform/db/deadline.ts'
import { addressLimits } from '../platform/db/schema/lockouts.ts'
import { MINUTE } from '../platform/time/durations.ts'
import { PENDING_LIFE_MS } from './policy.ts'
import { letNextTry, takeTurns } from './take-turns.ts'

const WINDOW_MS = 15 * MINUTE

export interface AddressRefused {
  ok: false
  problem: 'locked'
  kind: 'address'
  lockedUntil: Date
}

/** The outcome of a limited try. It counts against the address unless it succeeded or cost nothing. */
type Tried = { ok: true } | { ok: false; problem: string; costsNothing?: true }

interface AddressTry {
  refused: false
  network: string
  endsAt: Date
}

/**
 * A second limit beside the account's. Runs one try from a network address: it is spent before anything is checked, and
 * given back unless it failed. Tries beyond the limit wait for those under way. Throws StillCheckingError.
 */
export async function limitedByAddress<Outcome extends Tried>(
  deps: Deps,
  origin: Origin,
  work: () => Promise<Outcome>,
): Promise<Outcome | AddressRefused> {
  const spent = await spendTry(deps, origin)
  if (spent.refused) return { ok: false, problem: 'locked', kind: 'address', lockedUntil: spent.until }
  // An error tells nothing about the secret, so it costs nothing.
  let failed = false
  try {
    const outcome = await work()
    failed = counts(outcome)
    return outcome
  } finally {
    await withoutDeadline(() => settleTry(deps, spent, failed))
  }
}

function counts(outcome: Tried): boolean {
  return !outcome.ok && outcome.problem !== 'superseded' && !outcome.costsNothing
}

/** Counts a request whatever its outcome: no address sends mails by the thousand. Returns until when it is refused, or null. */
export async function countRequest(deps: Deps, origin: Origin): Promise<Date | null> {
  const spent = await spendTry(deps, origin)
  if (spent.refused) return spent.until
  await withoutDeadline(() => settleTry(deps, spent, true))
  return null
}

async function spendTry(deps: Deps, origin: Origin): Promise<AddressTry | { refused: true; until: Date }> {
  const network = networkOf(origin.address)
  return takeTurns(lineOf(network), async () => {
    // Without the deadline, so that every try that is counted is also settled.
    const endsAt = await withoutDeadline(() => countTry(deps, network))
    if (endsAt) return { refused: false, network, endsAt }
    const until = await refusedUntil(deps, network, origin)
    return until ? { refused: true, until } : 'wait'
  })
}

/** One upsert, exact among parallel requests. Returns the end of the window; null if no try is left. */
async function countTry({ db, clock, config }: Deps, network: string): Promise<Date | null> {
  const now = clock.now()
  const isOver = sql`${addressLimits.endsAt} <= ${sql.param(now, addressLimits.endsAt)}`
  const anew = (value: unknown, before: unknown) => sql`case when ${isOver} then ${value} else ${before} end`
  // Tries whose process died are never settled, and are dropped.
  const deadSince = new Date(now.getTime() - PENDING_LIFE_MS)
  const areDead = sql`${addressLimits.triedAt} < ${sql.param(deadSince, addressLimits.triedAt)}`
  const [counted] = await db
    .insert(addressLimits)
    .values({
      address: network,
      failures: 0,
      pending: 1,
      triedAt: now,
      endsAt: new Date(now.getTime() + WINDOW_MS),
    })
    .onConflictDoUpdate({
      target: addressLimits.address,
      set: {
        failures: anew(0, addressLimits.failures),
        pending: sql`case when ${isOver} or ${areDead} then 1 else ${addressLimits.pending} + 1 end`,
        triedAt: sql`excluded.tried_at`,
        refusedAt: anew(null, addressLimits.refusedAt),
        endsAt: anew(sql`excluded.ends_at`, addressLimits.endsAt),
      },
      setWhere: sql`${isOver} or ${addressLimits.failures} +
        case when ${areDead} then 0 else ${addressLimits.pending} end < ${config.ADDRESS_ATTEMPTS}`,
    })
    .returning({ endsAt: addressLimits.endsAt })
  return counted?.endsAt ?? null
}

/** When a refused address may try again; null while it may. Records only the first refusal in a window. */
async function refusedUntil(deps: Deps, network: string, origin: Origin): Promise<Date | null> {
  const { db, clock, config } = deps
  const now = clock.now()
  const [limit] = await db.select().from(addressLimits).where(eq(addressLimits.address, network))
  if (!limit || limit.endsAt <= now) return null
  const { failures, endsAt } = limit
  if (failures < config.ADDRESS_ATTEMPTS) return null

  if (limit.refusedAt === null) await recordFirstRefusal(deps, { network, endsAt, now, origin })
  return endsAt
}

async function recordFirstRefusal(
  { db, config }: Deps,
  { network, endsAt, now, origin }: { network: string; endsAt: Date; now: Date; origin: Origin },
): Promise<void> {
  await db.transaction(async (tx) => {
    const first = await tx
      .update(addressLimits)
      .set({ refusedAt: now })
      .where(and(ofWindow({ network, endsAt }), isNull(addressLimits.refusedAt)))
      .returning({ address: addressLimits.address })
    if (first.length === 0) return
    await record(tx, {
      ...BY_THE_PRODUCT,
      at: now,
      action: 'address.refused',
      outcome: 'refused',
      origin,
      details: { network, failures: config.ADDRESS_ATTEMPTS, until: endsAt.toISOString() },
    })
  })
}

async function settleTry(
  { db }: Deps,
  spent: Pick<AddressTry, 'network' | 'endsAt'>,
  failed: boolean,
): Promise<void> {
  await db
    .update(addressLimits)
    .set({
      pending: sql`${addressLimits.pending} - 1`,
      ...(failed && { failures: sql`${addressLimits.failures} + 1` }),
    })
    .where(and(ofWindow(spent), sql`${addressLimits.pending} > 0`))
  letNextTry(lineOf(spent.network))
}

function lineOf(network: string): string {
  return `address ${network}`
}

function ofWindow({ network, endsAt }: { network: string; endsAt: Date }) {
  return and(eq(addressLimits.address, network), eq(addressLimits.endsAt, endsAt))
}

/** Counts a whole IPv6 /64: one household can choose any address in it. */
function networkOf(address: string | null): string {
  if (address === null) return 'unknown'
  const parsed = ipaddr.parse(address)
  if (parsed.kind() === 'ipv4') return address
  return `${parsed.toNormalizedString().split(':').slice(0, 4).join(':')}::/64`
}
