import { and, eq, type SQL } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { clientLogos } from '../platform/db/schema/client-logos.ts'

export type StoredLogo = typeof clientLogos.$inferSelect

export async function readLogoOf(
  db: Reader,
  clientId: string,
  state: StoredLogo['state'],
): Promise<StoredLogo | null> {
  const [logo] = await db.select().from(clientLogos).where(logoOf(clientId, state))
  return logo ?? null
}

export function logoOf(clientId: string, state: StoredLogo['state']): SQL | undefined {
  return and(eq(clientLogos.clientId, clientId), eq(clientLogos.state, state))
}

/** A draft has no public address. */
export async function readPublicLogo(
  db: Reader,
  { hash, type }: Pick<StoredLogo, 'hash' | 'type'>,
): Promise<StoredLogo | null> {
  const isAsked = and(eq(clientLogos.hash, hash), eq(clientLogos.type, type), eq(clientLogos.state, 'public'))
  const [logo] = await db.select().from(clientLogos).where(isAsked).limit(1)
  return logo ?? null
}
