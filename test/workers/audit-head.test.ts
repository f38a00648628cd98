// The head of the audit log leaves the database every day: in the log of the worker, and in a mail to the operators.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eq } from 'drizzle-orm'
import { tellHead } from '../../src/audit-log/tell-head.ts'
import { NO_REQUEST, record } from '../../src/platform/audit/record.ts'
import { sealEvents } from '../../src/platform/audit/seal-events.ts'
import { headText, readHead } from '../../src/platform/audit/seals.queries.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { memberships, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { DAY, HOUR } from '../../src/platform/time/durations.ts'
import { sealAuditEvents } from '../../workers/seal-audit-events.ts'
import { eventually } from '../support/eventually.ts'
import { onEachEngine, present, type WorkerFixture } from './worker-fixture.ts'

/** The platform account with two operators, one of them disabled. Returns the id of the other. */
async function addOperators({ db }: WorkerFixture): Promise<string> {
  const [platform] = await db.insert(clients).values({ name: 'Platform', isPlatform: true }).returning()
  const [group] = await db.select().from(roleGroups).where(eq(roleGroups.key, 'operator'))
  const people = await db
    .insert(users)
    .values(
      (['active', 'disabled'] as const).map((status) => ({
        clientId: present(platform).id,
        email: `${status}@platform.example`,
        name: `Operator ${status}`,
        status,
        passwordHash: 'none',
        activatedAt: new Date(),
      })),
    )
    .returning()
  await db
    .insert(memberships)
    .values(people.map(({ id }) => ({ userId: id, roleGroupId: present(group).id })))
  return present(people[0]).id
}

async function happen({ db }: WorkerFixture): Promise<void> {
  const noPerson = { clientId: null, actorId: null, subjectId: null }
  const event = { at: new Date(), action: 'sign-out', outcome: 'success', origin: NO_REQUEST } as const
  await db.transaction((tx) => record(tx, { ...event, ...noPerson }))
}

onEachEngine('the head of the audit log', (fixture) => {
  const mails = () => fixture.db.select().from(notifications).where(eq(notifications.kind, 'audit-head'))

  test('the head is logged and mailed to every operator once a day with any number of workers', async () => {
    const operatorId = await addOperators(fixture)
    const now = new Date()
    assert.equal(await tellHead(fixture.db, now), null, 'nothing is sealed yet')
    await happen(fixture)
    await sealEvents(fixture.db, { keys: fixture.config.AUDIT_KEYS, now, atMost: 10 })
    const head = headText(present((await readHead(fixture.db)) ?? undefined))

    await Promise.all([fixture.startWorker(), fixture.startWorker(), fixture.startWorker()])

    const [mail] = await eventually('the mail is there', () => {
      const mails = fixture.mailServer.received.filter(({ to }) => to === 'active@platform.example')
      return mails.length > 0 && mails
    })
    const [queued] = await mails()
    assert.equal(queued?.recipientId, operatorId)
    assert.match(present(mail).messageId, new RegExp(present(queued).id), 'a stable Message-ID')
    assert.match(present(mail).source, /Subject: Head of the audit log on \d{4}-\d\d-\d\d/)
    const source = present(mail).source.replaceAll('=\r\n', '').replaceAll('=3D', '=')
    assert.ok(source.includes(`npm run audit:verify -- --expect ${head}`))
    assert.ok(
      fixture.linesSaying('as it is mailed to the operators').some(({ auditHead }) => auditHead === head),
    )
    await fixture.allDone()
    const again = await Promise.all(Array.from({ length: 10 }, () => tellHead(fixture.db, new Date())))
    assert.deepEqual(again.filter(Boolean), [])
    assert.equal((await mails()).length, 1)
  })

  test('the head is logged whenever events were sealed, and mailed again on the next day by one of many workers', async () => {
    await happen(fixture)

    await Promise.all([sealAuditEvents(fixture.deps), sealAuditEvents(fixture.deps)])

    const head = headText(present((await readHead(fixture.db)) ?? undefined))
    assert.equal(fixture.linesSaying('is sealed up to here').at(-1)?.auditHead, head)
    const tomorrow = new Date(Math.ceil(Date.now() / DAY) * DAY + HOUR)
    const heads = await Promise.all(Array.from({ length: 10 }, () => tellHead(fixture.db, tomorrow)))
    assert.equal(heads.filter(Boolean).length, 1)
    assert.equal((await mails()).length, 2)
  })
})
