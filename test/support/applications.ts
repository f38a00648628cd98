// Applications registered without the pages of the Service Desk.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { inArray } from 'drizzle-orm'
import type { Database } from '../../src/platform/db/client.ts'
import {
  applicationClients,
  applicationRoleGroups,
  applicationSecrets,
  applications,
} from '../../src/platform/db/schema/applications.ts'
import { roleGroups } from '../../src/platform/db/schema/role-groups.ts'

interface Given extends Omit<Partial<typeof applications.$inferInsert>, 'name'> {
  name: string
  /** Keys of the admitted role groups; by default all. */
  roleGroups?: string[]
  /** Ids of the admitted client accounts; by default every account. */
  clients?: string[]
}

/** Registers an application with one secret. */
export async function addApplication(
  db: Database,
  { roleGroups: keys, clients, ...given }: Given,
): Promise<{ id: string; secret: string }> {
  const [added] = await db
    .insert(applications)
    .values({
      icon: 'dashboard',
      address: 'https://application.example/',
      way: 'openid-connect',
      everyClient: clients === undefined,
      createdAt: new Date(0),
      ...given,
    })
    .returning({ id: applications.id })
  if (!added) throw new Error('the application was not added')
  const applicationId = added.id
  const admitted = await db
    .select({ roleGroupId: roleGroups.id })
    .from(roleGroups)
    .where(keys && inArray(roleGroups.key, keys))
  await db
    .insert(applicationRoleGroups)
    .values(admitted.map(({ roleGroupId }) => ({ applicationId, roleGroupId })))
  if (clients && clients.length > 0)
    await db.insert(applicationClients).values(clients.map((clientId) => ({ applicationId, clientId })))
  const secret = randomBytes(32).toString('base64url')
  const secretHash = createHash('sha256').update(secret).digest()
  await db.insert(applicationSecrets).values({ applicationId, secretHash, createdAt: new Date(0) })
  return { id: applicationId, secret }
}

/** The form with which the Service Desk registers an application, without its evidence. */
export function registrationForm() {
  return {
    way: 'openid-connect',
    name: `Registered ${randomUUID()}`,
    icon: 'chart',
    address: 'https://application.example/',
    accounts: 'every',
    roleGroups: 'admin',
    clientAuth: 'client_secret_basic',
    redirectUris: 'https://application.example/callback',
    idTokenAlg: 'RS256',
  }
}
