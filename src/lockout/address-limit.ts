import { and, eq, gt, gte, sql } from 'drizzle-orm'
import ipaddr from 'ipaddr.js'
import { addressLimits } from '../db/schema/lockouts.ts'
import type { Deps } from '../deps.ts'
import { MINUTE } from '../durations.ts'

const WINDOW_MS = 15 * MINUTE

/** When an address that failed too often may try again; null while it may. A second limit beside the account's. */
export async function addressRefusedUntil(
  { db, clock, config }: Deps,
  address: string | null,
): Promise<Date | null> {
  const [row] = await db
    .select({ endsAt: addressLimits.endsAt })
    .from(addressLimits)
    .where(
      and(
        eq(addressLimits.address, networkOf(address)),
        gt(addressLimits.endsAt, clock.now()),
        gte(addressLimits.failures, config.ADDRESS_ATTEMPTS),
      ),
    )
    .prepare('address_refused_until')
    .execute()
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
