import { and, eq, gt, isNull, or, sql } from 'drizzle-orm'
import type { AllClientMetadata } from 'oidc-provider'
import type { Deps } from '../deps.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { applicationSecrets, applications } from '../platform/db/schema/applications.ts'
import { SECRET_HASHES, toClientMetadata } from './client-metadata.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The metadata of a client. Undefined if no enabled application has this id. */
export async function readApplicationClient(
  { gateDb, clock }: Pick<Deps, 'gateDb' | 'clock'>,
  id: string,
): Promise<AllClientMetadata | undefined> {
  if (!UUID.test(id)) return undefined
  const [row] = await clientQuery(gateDb).execute({ id, now: clock.now().toISOString() })
  return row && { ...toClientMetadata(row.application), [SECRET_HASHES]: row.secretHashes }
}

const clientQuery = preparedOnce((db) =>
  db
    .select({
      application: applications,
      secretHashes: sql<string[]>`array_agg(encode(${applicationSecrets.secretHash}, 'hex'))
        filter (where ${applicationSecrets.id} is not null)`,
    })
    .from(applications)
    .leftJoin(
      applicationSecrets,
      and(
        eq(applicationSecrets.applicationId, applications.id),
        or(isNull(applicationSecrets.expiresAt), gt(applicationSecrets.expiresAt, sql.placeholder('now'))),
      ),
    )
    .where(
      and(
        eq(applications.id, sql.placeholder('id')),
        eq(applications.way, 'openid-connect'),
        isNull(applications.disabledAt),
      ),
    )
    .groupBy(applications.id)
    .prepare('application_client'),
)
