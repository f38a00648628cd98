// Removing what has expired, and nothing else.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { applicationSecrets } from '../../src/platform/db/schema/applications.ts'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { knownBrowsers } from '../../src/platform/db/schema/known-browsers.ts'
import { passwordResets } from '../../src/platform/db/schema/links.ts'
import { addressLimits, lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { oidcArtifacts, oidcGrants, oidcSessions } from '../../src/platform/db/schema/oidc.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { passCodes } from '../../src/platform/db/schema/passes.ts'
import { sessions } from '../../src/platform/db/schema/sessions.ts'
import { signingKeys } from '../../src/platform/db/schema/signing-keys.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { sweepExpired } from '../../workers/sweep-expired.ts'
import { addApplication } from '../support/applications.ts'
import { WorkerFixture } from './worker-fixture.ts'

describe('sweeping', () => {
  const fixture = new WorkerFixture('postgres')
  before(() => fixture.open())
  after(() => fixture.close())
  const ago = (ms: number) => new Date(Date.now() - ms)
  const ahead = (ms: number) => new Date(Date.now() + ms)

  test('an unfinished enrolment leaves no secret behind, and a current one keeps it', async () => {
    const secret = Buffer.from('sealed')
    const user = { userId: fixture.userId, sealedSecret: secret }
    await fixture.db.insert(authenticators).values({ ...user, pendingUntil: ago(SECOND) })
    await sweepExpired(fixture.deps)
    await fixture.db.insert(authenticators).values({ ...user, pendingUntil: ahead(MINUTE) })
    await sweepExpired(fixture.deps)

    const rows = await fixture.db.select().from(authenticators).orderBy(authenticators.id)

    assert.deepEqual(
      rows.map(({ status, sealedSecret }) => ({ status, sealedSecret })),
      [
        { status: 'revoked', sealedSecret: null },
        { status: 'pending', sealedSecret: secret },
      ],
    )
    assert.ok(rows[0]?.revokedAt)
  })

  test('expired sessions, address counts, old password resets and completed rows are removed in more than one batch', async () => {
    const at = { createdAt: ago(DAY), touchedAt: ago(DAY), data: { cookie: { originalMaxAge: null } } }
    const expired = Array.from({ length: 2500 }, (_, i) => ({
      id: `old-${i}`,
      expiresAt: ago(SECOND),
      ...at,
    }))
    await fixture.db.insert(sessions).values([...expired, { id: 'alive', expiresAt: ahead(MINUTE), ...at }])
    await fixture.db.insert(addressLimits).values([
      { address: '192.0.2.1', failures: 5, endsAt: ago(SECOND) },
      { address: '192.0.2.2', failures: 5, endsAt: ahead(MINUTE) },
    ])
    await fixture.db.insert(passwordResets).values([
      { tokenHash: Buffer.from('old'), expiresAt: ago(31 * DAY) },
      { tokenHash: Buffer.from('recent'), expiresAt: ago(29 * DAY) },
    ])
    const payload = { notificationId: crypto.randomUUID() }
    await fixture.db.insert(outbox).values([
      { job: 'long done', payload, doneAt: ago(8 * DAY) },
      { job: 'just done', payload, doneAt: ago(6 * DAY) },
      { job: 'long failed', payload, failedAt: ago(8 * DAY), createdAt: ago(9 * DAY) },
    ])

    await sweepExpired(fixture.deps)

    assert.deepEqual(
      (await fixture.db.select().from(sessions)).map(({ id }) => id),
      ['alive'],
    )
    assert.deepEqual(
      (await fixture.db.select().from(addressLimits)).map(({ address }) => address),
      ['192.0.2.2'],
    )
    assert.deepEqual(
      (await fixture.db.select().from(passwordResets)).map(({ tokenHash }) => String(tokenHash)),
      ['recent'],
    )
    assert.deepEqual(
      (await fixture.db.select().from(outbox).orderBy(outbox.id)).map(({ job }) => job),
      ['just done', 'long failed'],
    )
  })

  test('what expires for applications is removed by its time, and what is valid is kept', async () => {
    const { id: applicationId } = await addApplication(fixture.db, { name: 'Ledger' })
    const [secret] = await fixture.db.select().from(applicationSecrets)
    assert.ok(secret)
    await fixture.db.insert(applicationSecrets).values([
      { applicationId, secretHash: Buffer.from('old'), createdAt: ago(DAY), expiresAt: ago(SECOND) },
      { applicationId, secretHash: Buffer.from('older of two'), createdAt: ago(DAY), expiresAt: ahead(HOUR) },
    ])
    const artifact = { model: 'AccessToken', payload: {} }
    await fixture.db.insert(oidcArtifacts).values([
      { ...artifact, idHash: Buffer.from('old'), expiresAt: ago(SECOND) },
      { ...artifact, idHash: Buffer.from('valid'), expiresAt: ahead(MINUTE) },
    ])
    await fixture.db.insert(oidcSessions).values([
      { uid: 'old', idHash: Buffer.from('1'), expiresAt: ago(SECOND) },
      { uid: 'valid', idHash: Buffer.from('2'), expiresAt: ahead(MINUTE) },
    ])
    const at = { createdAt: ago(DAY), touchedAt: ago(DAY), data: { cookie: { originalMaxAge: null } } }
    await fixture.db.insert(sessions).values({ id: 'of codes', expiresAt: ahead(DAY), ...at })
    const code = { sessionId: 'of codes', applicationId, begunHash: Buffer.from('begun') }
    await fixture.db.insert(passCodes).values([
      { ...code, codeHash: Buffer.from('old'), expiresAt: ago(SECOND) },
      { ...code, codeHash: Buffer.from('valid'), expiresAt: ahead(MINUTE) },
    ])
    const key = {
      alg: 'RS256',
      sealed: Buffer.from('sealed'),
      createdAt: ago(DAY),
      signsFrom: ago(DAY),
    } as const
    await fixture.db.insert(signingKeys).values([
      { kid: 'left', ...key, leavesAt: ago(SECOND) },
      { kid: 'leaves', ...key, leavesAt: ahead(MINUTE) },
      { kid: 'stays', ...key },
    ])
    const grant = { applicationId, userId: fixture.userId, payload: {}, createdAt: ago(9 * DAY) }
    await fixture.db.insert(oidcGrants).values([
      { ...grant, sid: 'ended long ago', endedAt: ago(8 * DAY), expiresAt: ahead(DAY) },
      { ...grant, sid: 'ended lately', endedAt: ago(6 * DAY), expiresAt: ago(6 * DAY) },
      { ...grant, sid: 'expired long ago', expiresAt: ago(8 * DAY) },
      { ...grant, sid: 'expired lately', expiresAt: ago(6 * DAY) },
    ])

    await sweepExpired(fixture.deps)

    const left = {
      secrets: (await fixture.db.select().from(applicationSecrets)).map(
        ({ expiresAt }) => expiresAt !== null,
      ),
      artifacts: (await fixture.db.select().from(oidcArtifacts)).map(({ idHash }) => String(idHash)),
      sessions: (await fixture.db.select().from(oidcSessions)).map(({ uid }) => uid),
      codes: (await fixture.db.select().from(passCodes)).map(({ codeHash }) => String(codeHash)),
      keys: (await fixture.db.select().from(signingKeys)).map(({ kid }) => kid),
      grants: (await fixture.db.select().from(oidcGrants)).map(({ sid }) => sid),
    }
    assert.deepEqual(left, {
      secrets: [false, true],
      artifacts: ['valid'],
      sessions: ['valid'],
      codes: ['valid'],
      keys: ['leaves', 'stays'],
      grants: ['ended lately', 'expired lately'],
    })
  })

  test('a session that is not used is told when it is removed', async () => {
    const uri = { backChannelLogoutUri: 'https://application.example/logout' }
    const { id: applicationId } = await addApplication(fixture.db, { name: 'Told', ...uri })
    const session = { userId: fixture.userId, data: { cookie: { originalMaxAge: null } } }
    await fixture.db
      .insert(sessions)
      .values({ id: 'idle', ...session, createdAt: ago(DAY), touchedAt: ago(DAY), expiresAt: ago(SECOND) })
    const [grant] = await fixture.db
      .insert(oidcGrants)
      .values({
        applicationId,
        userId: fixture.userId,
        sessionId: 'idle',
        sid: 'idle',
        payload: {},
        createdAt: ago(DAY),
        expiresAt: ahead(DAY),
      })
      .returning()

    await sweepExpired(fixture.deps)

    const jobs = await fixture.db.select().from(outbox).where(eq(outbox.job, 'tell-application'))
    assert.deepEqual(
      jobs.map(({ payload }) => payload),
      [{ grantId: grant?.id }],
    )
  })

  test('a known browser is removed some days after it has expired or was ended', async () => {
    const at = { createdAt: ago(DAY), lastUsedAt: ago(DAY) }
    const rows = {
      'known now': { expiresAt: ahead(DAY) },
      'expired lately': { expiresAt: ago(DAY) },
      'expired long ago': { expiresAt: ago(3 * DAY) },
      'ended lately': { expiresAt: ahead(DAY), endedAt: ago(DAY) },
      'ended long ago': { expiresAt: ahead(DAY), endedAt: ago(3 * DAY) },
    }
    await fixture.db.insert(knownBrowsers).values(
      Object.entries(rows).map(([tokenHash, row]) => ({
        userId: fixture.userId,
        tokenHash,
        ...at,
        ...row,
      })),
    )

    await sweepExpired(fixture.deps)

    const left = (await fixture.db.select().from(knownBrowsers)).map(({ tokenHash }) => tokenHash)
    assert.deepEqual(left.sort(), ['ended lately', 'expired lately', 'known now'])
  })

  test('a lockout without effect is removed, and a lock in force or a count of wrong codes is kept', async () => {
    const rows = {
      'a password lock long over': { kind: 'password', consecutiveFailures: 7, lockedUntil: ago(2 * DAY) },
      'codes long cleared': { kind: 'code', consecutiveFailures: 0 },
      'wrong codes that count up to 100': { kind: 'code', consecutiveFailures: 3, stays: true },
      'a lock in force': { kind: 'password', lockedUntil: ahead(HOUR), stays: true },
      'touched lately': { kind: 'password', updatedAt: ago(DAY), stays: true },
    } as const
    const subjects = new Map<string, string>()
    for (const [name, { stays: _, ...row }] of Object.entries<
      Partial<typeof lockouts.$inferInsert> & { stays?: true }
    >(rows)) {
      const subject = crypto.randomUUID()
      subjects.set(subject, name)
      await fixture.db.insert(lockouts).values({ subject, kind: 'code', updatedAt: ago(3 * DAY), ...row })
    }

    await sweepExpired(fixture.deps)

    const left = (await fixture.db.select().from(lockouts)).map(({ subject }) => subjects.get(subject))
    assert.deepEqual(left.sort(), ['a lock in force', 'touched lately', 'wrong codes that count up to 100'])
  })
})
