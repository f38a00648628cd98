// Operators see which applications have not confirmed that sessions have ended.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { oidcGrants } from '../../src/platform/db/schema/oidc.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { HOUR, MINUTE } from '../../src/platform/time/durations.ts'
import { addApplication } from '../support/applications.ts'
import { OpsFixture, TECH, TOKEN } from './ops-fixture.ts'

describe('applications that do not answer', () => {
  const fixture = new OpsFixture('postgres')
  before(() => fixture.open())
  after(() => fixture.close())

  /** A session of the application that ended `ago` milliseconds ago, with the job that tells it. */
  async function addEnded(
    applicationId: string,
    ago: number,
    job: Partial<typeof outbox.$inferInsert> = {},
    toldAt: Date | null = null,
  ): Promise<void> {
    const { db } = fixture.app.deps
    const at = new Date()
    const [grant] = await db
      .insert(oidcGrants)
      .values({
        applicationId,
        userId: await fixture.idOf(TECH),
        sid: 'sid',
        payload: {},
        createdAt: at,
        expiresAt: at,
        toldAt,
      })
      .returning()
    assert.ok(grant)
    await db.insert(outbox).values({
      job: 'tell-application',
      payload: { grantId: grant.id },
      createdAt: new Date(Date.now() - ago),
      ...job,
    })
  }

  const add = async (name: string) => (await addApplication(fixture.app.deps.db, { name })).id

  test('those that have not confirmed for an hour are named, with their number and since when, and others are not', async () => {
    assert.match((await fixture.operator.get('/ops')).body, /Every application has confirmed within an hour/)
    const silent = await add('Silent <Ledger>')
    const recent = await add('Recent Ledger')
    const answered = await add('Good Ledger')
    await addEnded(silent, 3 * HOUR, { failedAt: new Date(), failure: 'The application answered 500.' })
    await addEnded(silent, 2 * HOUR, { dispatchedAt: new Date() })
    await addEnded(recent, 59 * MINUTE)
    await addEnded(answered, 2 * HOUR, { dispatchedAt: new Date(), doneAt: new Date() }, new Date())

    const { body } = await fixture.operator.get('/ops')
    const metrics = await fixture.app.browser().get('/ops/metrics', { authorization: `Bearer ${TOKEN}` })

    const [row = ''] = new RegExp(`<tr[^>]*data-application="${silent}".*?</tr>`, 's').exec(body) ?? []
    assert.match(row, /Silent &lt;Ledger&gt;/)
    assert.match(row, /Ended sessions<\/span><span>2</)
    const [, since = ''] = /datetime="([^"]+)"/.exec(row) ?? []
    assert.ok(Math.abs(Date.now() - 3 * HOUR - new Date(since).getTime()) < 5 * MINUTE, since)
    assert.doesNotMatch(body, /Every application has confirmed/)
    for (const other of [recent, answered]) assert.ok(!body.includes(`data-application="${other}"`))
    assert.match(metrics.body, new RegExp(`portcullis_unanswered_logouts\\{application="${silent}"\\} 2`))
    assert.doesNotMatch(metrics.body, new RegExp(recent))
  })

  test('the queue of applications stands with the others, and its jobs open', async () => {
    assert.match((await fixture.operator.get('/ops')).body, /data-queue="applications"/)
    assert.equal((await fixture.operator.get('/ops/jobs/applications')).status, 200)
  })
})
