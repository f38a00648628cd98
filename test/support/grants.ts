// Grants as the provider makes them, without a sign-in at an application.
import { randomUUID } from 'node:crypto'
import { desc, eq } from 'drizzle-orm'
import type { Database } from '../../src/platform/db/client.ts'
import { oidcArtifacts, oidcGrants } from '../../src/platform/db/schema/oidc.ts'
import { sessions } from '../../src/platform/db/schema/sessions.ts'
import type { Clock } from '../../src/platform/time/clock.ts'
import { HOUR } from '../../src/platform/time/durations.ts'

/** A grant of a session of the user, by default the newest one, with an access token. */
export async function addGrant(
  { db, clock }: { db: Database; clock: Clock },
  userId: string,
  applicationId: string,
  ofSession?: string,
): Promise<{ id: string; sid: string; sessionId: string }> {
  const sessionId = ofSession ?? (await newestSession(db, userId))
  const now = clock.now()
  const expiresAt = new Date(now.getTime() + 12 * HOUR)
  const [grant] = await db
    .insert(oidcGrants)
    .values({
      applicationId,
      userId,
      sessionId,
      sid: randomUUID(),
      payload: {},
      createdAt: now,
      expiresAt,
    })
    .returning({ id: oidcGrants.id, sid: oidcGrants.sid })
  if (!grant) throw new Error('the grant was not added')
  await db.insert(oidcArtifacts).values({
    model: 'AccessToken',
    idHash: Buffer.from(grant.id),
    grantId: grant.id,
    payload: {},
    expiresAt,
  })
  return { ...grant, sessionId }
}

async function newestSession(db: Database, userId: string): Promise<string> {
  const [session] = await db
    .select({ id: sessions.id })
    .from(sessions)
    .where(eq(sessions.userId, userId))
    .orderBy(desc(sessions.touchedAt), desc(sessions.createdAt))
    .limit(1)
  if (!session) throw new Error('the user has no session')
  return session.id
}
