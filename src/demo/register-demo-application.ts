import { and, eq } from 'drizzle-orm'
import { addSecret } from '../applications/add-secret.ts'
import { saveRoleGroups } from '../applications/save-facts.ts'
import { hashToken } from '../platform/crypto/link-token.ts'
import type { Database } from '../platform/db/client.ts'
import { applicationSecrets, applications } from '../platform/db/schema/applications.ts'
import { roleGroups } from '../platform/db/schema/role-groups.ts'

/** Its id is fixed, so that the next start finds it. */
const DEMO_APPLICATION_ID = '01890000-0000-7000-8000-00000000d340'

export interface DemoApplication {
  address: string
  secret: string
  now: Date
}

/**
 * Registers the demo dashboard, or moves it to another address; what the Service Desk changed since stays. Returns its
 * id, or null if another application has its name.
 */
export function registerDemoApplication(
  db: Database,
  { address, secret, now }: DemoApplication,
): Promise<string | null> {
  const id = DEMO_APPLICATION_ID
  const addresses = {
    address: `${address}/`,
    redirectUris: [`${address}/callback`],
    postLogoutRedirectUris: [`${address}/signed-out`],
    backChannelLogoutUri: `${address}/back-channel-logout`,
  }
  return db.transaction(async (tx) => {
    const moved = await tx.update(applications).set(addresses).where(eq(applications.id, id)).returning()
    if (moved.length === 0) {
      const facts = { name: 'Quayside', icon: 'dashboard', everyClient: true, requiresMfa: true }
      const added = await tx
        .insert(applications)
        .values({ id, way: 'openid-connect', ...facts, ...addresses, createdAt: now })
        .onConflictDoNothing()
        .returning()
      if (added.length === 0) return null
      const every = await tx.select({ key: roleGroups.key }).from(roleGroups)
      await saveRoleGroups(
        tx,
        id,
        every.map(({ key }) => key),
      )
    }
    const secretHash = hashToken(secret)
    const known = await tx.$count(
      applicationSecrets,
      and(eq(applicationSecrets.applicationId, id), eq(applicationSecrets.secretHash, secretHash)),
    )
    if (known === 0) await addSecret(tx, { applicationId: id, createdBy: null, now }, secret)
    return id
  })
}
