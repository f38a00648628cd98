import { and, eq, gt, gte, sql } from 'drizzle-orm'
import ipaddr from 'ipaddr.js'
import { preparedOnce } from '../db/prepared-once.ts'
import { addressLimits } from '../db/schema/lockouts.ts'
import type { Deps } from '../deps.ts'
import { MINUTE } from '../time/durations.ts'

const WINDOW_MS = 15 * MINUTE

/**
 * A second limit beside the account's: the row of an address that failed too often, and none while it may try.
 * To join to what a request reads anyway, with the placeholders that `refusedAddressOf` fills.
 */
export const refusedAddress = and(
  eq(addressLimits.address, sql.placeholder('network')),
  gt(addressLimits.endsAt, sql.placeholder('now')),
  gte(addressLimits.failures, sql.placeholder('allowedFailures')),
)

/** What fills the placeholders of `refusedAddress`. */
export function refusedAddressOf({ clock, config }: Pick<Deps, 'clock' | 'config'>, address: string | null) {
  return {
    network: networkOf(address),
    now: clock.now().toISOString(),
    allowedFailures: config.ADDRESS_ATTEMPTS,
  }
}

const refusal = preparedOnce((db) =>
  db
    .select({ endsAt: addressLimits.endsAt })
    .from(addressLimits)
    .where(refusedAddress)
    .prepare('address_refused_until'),
)

/** When an address that failed too often may try again; null while it may. */
export async function addressRefusedUntil(deps: Deps, address: string | null): Promise<Date | null> {
  const [row] = await refusal(deps.db).execute(refusedAddressOf(deps, address))
  return row?.endsAt ?? null
}

/** Counts a failure against an address. One upsert: exact among parallel requests and processes. */
export async function countAddressFailure({ db, clock }: Deps, address: string | null): Promise<void> {
  const now = clock.now()
  const endsAt = new Date(now.getTime() + WINDOW_MS)
  const over = sql`${addressLimits.endsAt} <= ${sql.param(now, addressLimits.endsAt)}`
  await db
    .insert(addressLimits)
    .values({ address: networkOf(address), failures: 1, endsAt })
    .onConflictDoUpdate({
      target: addressLimits.address,
      set: {
        failures: sql`case when ${over} then 1 else ${addressLimits.failures} + 1 end`,
        endsAt: sql`case when ${over} then ${sql.param(endsAt, addressLimits.endsAt)} else ${addressLimits.endsAt} end`,
      },
    })
    .prepare('count_address_failure')
    .execute()
}

/** A household or an office has a whole IPv6 /64 to choose from, so that is what is counted. */
function networkOf(address: string | null): string {
  if (address === null) return 'unknown'
  const parsed = ipaddr.parse(address)
  if (parsed.kind() === 'ipv4') return address
  return `${parsed.toNormalizedString().split(':').slice(0, 4).join(':')}::/64`
}
