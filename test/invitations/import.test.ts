// Bulk invitation from a CSV file: a preview of every line, progress, and a report of what was refused and why.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { and, eq, inArray } from 'drizzle-orm'
import { BATCH, importInvitations } from '../../src/invitations/import-invitations.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { invitationImportLines, invitationImports } from '../../src/platform/db/schema/invitation-imports.ts'
import { invitations } from '../../src/platform/db/schema/links.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { memberships, mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { DAY, MINUTE } from '../../src/platform/time/durations.ts'
import { sweepExpired } from '../../workers/sweep-expired.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { type Answer, type Browser, fieldsWithProblem, problemOf } from '../support/browser.ts'
import { People } from '../support/people.ts'

const HEAD = 'email,name,roleGroups\n'
const EVIDENCE = { reason: 'A new department', ticket: 'SD-4711' }

let app: TestApp
let people: People
let admin: Browser
let desk: Browser
before(async () => {
  app = await startApp({ INVITATIONS_PER_HOUR: '100000', INVITATIONS_OPEN_MAX: '100000' })
  people = new People(app)
  admin = app.browser()
  await admin.enrolAndSignIn('admin@harbour.example')
  desk = app.browser()
  await desk.enrolAndSignIn('desk@platform.example')
})
after(() => app.close())

/** Sends a form with a file, as browsers do. */
async function upload(
  browser: Browser,
  file: string | Uint8Array,
  fields: Record<string, string> = {},
): Promise<Answer> {
  const boundary = 'a-boundary-that-nobody-writes'
  const part = (head: string, body: string | Uint8Array) =>
    Buffer.concat([Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), Buffer.from(body), Buffer.from('\r\n')])
  const body = Buffer.concat([
    ...Object.entries(fields).map(([name, value]) =>
      part(`Content-Disposition: form-data; name="${name}"`, value),
    ),
    part(
      'Content-Disposition: form-data; name="file"; filename="people.csv"\r\nContent-Type: text/csv',
      file,
    ),
    Buffer.from(`--${boundary}--\r\n`),
  ])
  return browser.request('POST', '/users/import', {
    headers: { 'sec-fetch-site': 'same-origin', 'content-type': `multipart/form-data; boundary=${boundary}` },
    body,
  })
}

/** Takes a file in; returns the path of its page. */
async function drafted(browser: Browser, file: string, fields: Record<string, string> = {}): Promise<string> {
  const answer = await upload(browser, file, fields)
  assert.equal(answer.status, 303, answer.body)
  assert.match(answer.location ?? '', /^\/users\/import\/[0-9a-f-]{36}$/)
  return answer.location ?? ''
}

const idOf = (path: string) => path.split('/').at(-1) ?? ''

/** Does what the worker does, until nothing is owed. Returns how many jobs it took. */
async function work(path: string): Promise<number> {
  for (let jobs = 0; ; jobs += 1) {
    const [owed] = await app.deps.db
      .select()
      .from(outbox)
      .where(eq(outbox.job, 'import-invitations'))
      .limit(1)
    if (!owed) return jobs
    await app.deps.db.transaction(async (tx) => {
      await importInvitations(app.deps, tx, idOf(path))
      await tx.delete(outbox).where(eq(outbox.id, owed.id))
    })
  }
}

async function outcomesOf(path: string) {
  const rows = await app.deps.db
    .select()
    .from(invitationImportLines)
    .where(eq(invitationImportLines.importId, idOf(path)))
    .orderBy(invitationImportLines.line)
  return rows.map(({ line, outcome, detail }) => [line, outcome, detail])
}

/** What is on record of invitations that came to nothing, in order. */
function failures() {
  const failed = inArray(auditEvents.outcome, ['failure', 'refused'])
  return app.deps.db
    .select()
    .from(auditEvents)
    .where(and(eq(auditEvents.action, 'invitation.sent'), failed))
    .orderBy(auditEvents.id)
}

describe('the preview', () => {
  test('the preview shows the outcome of every line before any user is invited', async () => {
    const before = await app.deps.db.$count(users)

    const path = await drafted(
      admin,
      `${HEAD}good@test.example,Good Person,tech-operator
several@test.example,Several Groups,"Tech Operator, finance-manager"
no address,Bad Address,tech-operator
GOOD@test.example,Twice,tech-operator
tech@harbour.example,Taken Here,tech-operator
tech@meridian.example,Taken Elsewhere,tech-operator
unknown@test.example,Unknown Group,gardener
platform@test.example,Platform Group,operator
boss@test.example,Would Be Admin,admin
none@test.example,No Group,
nameless@test.example,\u3164,tech-operator
formula@test.example,"=HYPERLINK(""http://evil.example"",""x"")",tech-operator
=cmd@test.example,Formula,tech-operator
short@test.example,Short
long@test.example,Long,tech-operator,more
lines@test.example,"Two
lines",tech-operator
last@test.example,Last One,customer-service-operator`,
    )

    assert.deepEqual(await outcomesOf(path), [
      [2, null, ''],
      [3, null, ''],
      [4, 'bad-address', ''],
      [5, 'duplicate', '2'],
      [6, 'taken', ''],
      [7, 'taken', ''],
      [8, 'unknown-role-group', 'gardener'],
      [9, 'not-allowed', 'granted-by-service-desk'],
      [10, 'not-allowed', 'granted-by-service-desk'],
      [11, 'no-role-group', ''],
      [12, 'no-name', ''],
      [13, 'formula', ''],
      [14, 'formula', ''],
      [15, 'wrong-columns', ''],
      [16, 'wrong-columns', ''],
      [17, 'bad-name', ''],
      [19, null, ''],
    ])
    const page = await admin.get(path)
    assert.equal(page.status, 200)
    assert.match(page.body, /3 of 17 people can be invited/)
    assert.equal([...page.body.matchAll(/data-line="/g)].length, 17)
    assert.match(page.body, /Line 2 has the same address/)
    assert.match(page.body, /There is no role group “gardener”/)
    assert.doesNotMatch(page.body, /Meridian/, 'not where an address is taken')
    assert.equal([...(await admin.get(`${path}?show=refused`)).body.matchAll(/data-line="/g)].length, 14)
    assert.equal(await app.deps.db.$count(users), before)
    assert.deepEqual(
      (await failures()).map(({ details }) => details),
      [
        { refusal: 'granted-by-service-desk', lines: 2 },
        { problem: 'address-taken', lines: 2 },
      ],
    )
  })

  test('the preview quotes whole characters of a long unknown role group', async () => {
    const path = await drafted(admin, `${HEAD}odd@test.example,Odd,${'g'.repeat(99)}🚪🚪\n`)

    assert.deepEqual(await outcomesOf(path), [[2, 'unknown-role-group', `${'g'.repeat(99)}🚪`]])
  })

  test('the report of refused lines and reasons is a CSV whose formulas are neutralised', async () => {
    const path = await drafted(
      admin,
      `${HEAD}a@test.example,"=HYPERLINK(""http://evil.example"")",tech-operator\n@b,"Smith, ""Jo""",tech-operator\n`,
    )

    const csv = await admin.get(`${path}/refused.csv`)

    assert.match(csv.headers.get('content-type') ?? '', /^text\/csv; charset=utf-8/)
    assert.match(csv.headers.get('content-disposition') ?? '', /attachment; filename="?refused\.csv/)
    const [head, first, second] = csv.body.replace('\ufeff', '').split('\r\n')
    assert.equal(head, 'line,email,name,roleGroups,why')
    assert.match(first ?? '', /^2,a@test\.example,"'=HYPERLINK\(""http:\/\/evil\.example""\)",tech-operator,/)
    assert.match(second ?? '', /^3,'@b,"Smith, ""Jo""",tech-operator,/)
  })

  test('a file that cannot be read is refused as a whole, with the reason beside the field', async () => {
    const cases: [string | Uint8Array, RegExp][] = [
      ['', /nothing in it/],
      ['email;name\nx;y\n', /must name the columns/],
      [
        Buffer.concat([Buffer.from(`${HEAD}a@test.example,Ren`), Buffer.from([0xe9]), Buffer.from(',x\n')]),
        /Line 2 is not UTF-8/,
      ],
    ]
    for (const [file, problem] of cases) {
      const answer = await upload(admin, file)
      assert.equal(answer.status, 422)
      assert.match(answer.body, problem)
      assert.match(answer.body, /role="alert"/)
    }
  })

  test('lines may be pasted instead, and are kept if there is an error in them', async () => {
    const pasted = await upload(admin, '', { lines: `${HEAD}pasted@test.example,Pasted,tech-operator` })
    assert.equal(pasted.status, 303)
    const wrong = await upload(admin, '', { lines: 'no such columns' })
    assert.equal(wrong.status, 422)
    assert.match(wrong.body, />no such columns</)
    assert.deepEqual(fieldsWithProblem(wrong), ['lines'])
  })

  test('more than 2 MB is refused beside the file, and only a form with a file is accepted', async () => {
    const tooLarge = await upload(admin, `${HEAD}${'x'.repeat(2_100_000)}`)
    assert.equal(tooLarge.status, 413)
    assert.match(problemOf(tooLarge, 'file'), /more than 2 MB/)
    assert.equal((await admin.post('/users/import', { lines: HEAD })).status, 415)
    const broken = await admin.request('POST', '/users/import', {
      headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'multipart/form-data; boundary=x' },
      body: 'no parts',
    })
    assert.equal(broken.status, 400)
  })

  test('cells by the hundred thousand are refused before they are read, on any number of lines', async () => {
    for (const file of [`${'Q,'.repeat(4900)}"\n",`.repeat(20), `${','.repeat(390)}\n`.repeat(200)]) {
      const answer = await upload(admin, HEAD + file)
      assert.equal(answer.status, 422)
      assert.match(answer.body, /far too many cells/)
    }
  })

  test('a compressed form and one with a part of only headers are refused', async () => {
    const headers = { 'sec-fetch-site': 'same-origin', 'content-type': 'multipart/form-data; boundary=x' }
    const head = 'Content-Disposition: form-data; name="file"; filename="f"'
    const manyHeaders = await admin.request('POST', '/users/import', {
      headers,
      body: `--x\r\n${'a: b\r\n'.repeat(20_000)}${head}\r\n\r\n\r\n--x--\r\n`,
    })
    assert.equal(manyHeaders.status, 400)
    const compressed = await admin.request('POST', '/users/import', {
      headers: { ...headers, 'content-encoding': 'gzip' },
      body: new Uint8Array(gzipSync(`--x\r\n${head}\r\n\r\n${HEAD}\r\n--x--\r\n`)),
    })
    assert.equal(compressed.status, 400)
  })

  test('a form of only files is refused without looking at each', async () => {
    const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n\r\n'
    const answer = await admin.request('POST', '/users/import', {
      headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'multipart/form-data; boundary=x' },
      body: `${part.repeat(1000)}--x--\r\n`,
    })
    assert.equal(answer.status, 400)
  })
})

describe('carrying out an import', () => {
  test('every one of 1 000 lines is accounted for in batches, with visible progress', async () => {
    const lines = Array.from({ length: 1000 }, (_, i) =>
      i % 50 === 49
        ? `bulk${i - 1}@test.example,Again ${i},tech-operator`
        : `bulk${i}@test.example,Bulk ${i},tech-operator`,
    )
    const path = await drafted(admin, HEAD + lines.join('\n'))
    assert.match((await admin.get(path)).body, /980 of 1000 people can be invited/)

    assert.equal((await admin.post(path)).location, path)
    const [owed] = await app.deps.db.select().from(outbox).where(eq(outbox.job, 'import-invitations'))
    assert.deepEqual(owed?.payload, { importId: idOf(path) }, 'ids only')
    await app.deps.db.transaction((tx) => importInvitations(app.deps, tx, idOf(path)))
    const progress = await admin.get(`${path}/progress`)
    assert.match(progress.body, new RegExp(`Inviting: ${BATCH + 20} of 1000 lines are done`))
    assert.match(progress.body, /hx-trigger="every 1s"/)
    await work(path)

    const done = await admin.get(path)
    assert.match(done.body, /980 of 1000 people were invited/)
    assert.match(done.body, /20 lines were refused/)
    assert.doesNotMatch(done.body, /hx-trigger/)
    const outcomes = (await outcomesOf(path)).map(([, outcome]) => outcome)
    assert.equal(outcomes.length, 1000)
    assert.equal(outcomes.filter((outcome) => outcome === 'invited').length, 980)
    assert.equal(outcomes.filter((outcome) => outcome === 'duplicate').length, 20)
    const added = await app.deps.db
      .select()
      .from(users)
      .where(
        and(
          eq(users.status, 'invited'),
          inArray(
            users.email,
            [...Array(1000).keys()].map((i) => `bulk${i}@test.example`),
          ),
        ),
      )
    assert.equal(added.length, 980)
    const ids = added.map(({ id }) => id)
    assert.equal(await app.deps.db.$count(memberships, inArray(memberships.userId, ids)), 980)
    assert.equal(await app.deps.db.$count(invitations, inArray(invitations.userId, ids)), 980)
    assert.equal(await app.deps.db.$count(notifications, inArray(notifications.recipientId, ids)), 980)
    const events = await app.deps.db.select().from(auditEvents).where(inArray(auditEvents.subjectId, ids))
    assert.equal(events.length, 980)
    assert.deepEqual(events[0]?.details, { importId: idOf(path), channel: 'admin' })
    assert.equal(events[0]?.actorId, (await app.userNamed('admin@harbour.example')).id)
    assert.equal(events[0]?.address, '127.0.0.1', 'where the confirmation came from')
  })

  test('an address taken meanwhile is refused, and confirming or running twice invites no user twice', async () => {
    const path = await drafted(
      admin,
      `${HEAD}raced@test.example,Raced,tech-operator\nfine@test.example,Fine,tech-operator\n`,
    )
    await admin.post('/users', { email: 'raced@test.example', name: 'First', roleGroups: 'tech-operator' })

    assert.equal((await admin.post(path)).status, 303)
    assert.equal((await admin.post(path)).status, 303)
    assert.equal(await work(path), 1, 'owed once')
    await app.deps.db.transaction((tx) => importInvitations(app.deps, tx, idOf(path)))

    assert.deepEqual(await outcomesOf(path), [
      [2, 'taken', ''],
      [3, 'invited', ''],
    ])
    const { id } = await app.userNamed('fine@test.example')
    assert.equal((await people.invitationsOf(id)).length, 1)
    assert.equal((await app.browser().get(await people.invitationLink(id))).status, 200)
  })

  test('no job carries out a draft or an import that was never confirmed', async () => {
    const path = await drafted(admin, `${HEAD}draft@test.example,Draft,tech-operator\n`)
    await app.deps.db.transaction((tx) => importInvitations(app.deps, tx, idOf(path)))
    assert.deepEqual(await outcomesOf(path), [[2, null, '']])
  })

  test('an agent who lost the role before the job runs invites no user, and that is recorded once', async () => {
    const clientId = await people.clientId('Meridian Foods')
    const agent = await people.add('Portcullis Platform', ['service-desk'])
    const browser = app.browser()
    await browser.enrolAndSignIn(agent.email)
    const path = await drafted(browser, `${HEAD}late2@test.example,Late,tech-operator\n`, { clientId })
    await browser.post(path, EVIDENCE)
    const [operator] = await app.deps.db.select().from(roleGroups).where(eq(roleGroups.key, 'operator'))
    assert.ok(operator)
    await app.deps.db
      .update(memberships)
      .set({ roleGroupId: operator.id })
      .where(eq(memberships.userId, agent.id))

    await work(path)

    const refused = await app.deps.db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.actorId, agent.id), eq(auditEvents.outcome, 'refused')))
    assert.deepEqual(
      refused.map(({ details }) => details),
      [{ refusal: 'unknown', clientId }],
    )
    assert.equal(await app.deps.db.$count(users, eq(users.email, 'late2@test.example')), 0)
  })

  test('an Admin who is disabled before the job runs invites no user', async () => {
    const actor = await people.add('Meridian Foods', ['admin'])
    const browser = app.browser()
    await browser.signInWithPassword(actor.email)
    const path = await drafted(browser, `${HEAD}late@test.example,Late,tech-operator\n`)
    await browser.post(path)
    await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, actor.id))

    await work(path)

    assert.deepEqual(await outcomesOf(path), [[2, 'not-allowed', '']])
    const stopped = await people.lastEvent('invitation.sent')
    assert.equal(stopped?.outcome, 'refused')
    assert.equal(stopped?.actorId, actor.id)
    assert.deepEqual(stopped?.details, { importId: path.split('/').at(-1), notInvited: 1 })
    assert.equal(await app.deps.db.$count(users, eq(users.email, 'late@test.example')), 0)
  })
})

describe('the right to import', () => {
  test('the Service Desk imports into any account with ticket and reason', async () => {
    const clientId = await people.clientId('Meridian Foods')
    assert.equal((await desk.get(`/clients/${clientId}/users/import`)).status, 200)
    const path = await drafted(desk, `${HEAD}chef@meridian.example,Chef,tech-admin\n`, { clientId })
    assert.equal((await desk.post(path, { reason: EVIDENCE.reason })).status, 422)

    assert.equal((await desk.post(path, EVIDENCE)).status, 303)
    await work(path)

    const user = await app.userNamed('chef@meridian.example')
    assert.equal(user.clientId, clientId)
    const [event] = await people.eventsOf(user.id, 'invitation.sent')
    assert.deepEqual(event?.details, { importId: idOf(path), channel: 'service-desk', ...EVIDENCE })
  })

  test('a line with an administering role group is refused, since such a user is invited alone', async () => {
    const clientId = await people.clientId('Meridian Foods')
    const lines = 'boss2@meridian.example,Boss,admin\nboss3@meridian.example,Boss,tech-admin|admin\n'
    const refused = async (file: string, fields = {}) => {
      const path = await drafted(desk, HEAD + file, fields)
      assert.match((await desk.get(path)).body, /invite this person alone\. A second agent must approve/)
      return (await outcomesOf(path)).map(([, outcome]) => outcome)
    }

    assert.deepEqual(await refused(lines, { clientId }), ['alone', 'alone'])
    assert.deepEqual(await refused('op@platform.example,Op,operator\n'), ['alone'])
  })

  test('a line confirmed before such lines were refused is not invited either', async () => {
    const clientId = await people.clientId('Meridian Foods')
    const path = await drafted(desk, `${HEAD}boss4@meridian.example,Boss,tech-admin\n`, { clientId })
    await app.deps.db
      .update(invitationImportLines)
      .set({ roleGroups: 'admin' })
      .where(eq(invitationImportLines.importId, idOf(path)))

    assert.equal((await desk.post(path, EVIDENCE)).status, 303)
    await work(path)

    assert.deepEqual(await outcomesOf(path), [[2, 'alone', '']])
    assert.equal(await app.deps.db.$count(users, eq(users.email, 'boss4@meridian.example')), 0)
  })

  test('no import goes into an account below or elsewhere, and no file of another user can be seen', async () => {
    const file = `${HEAD}x@test.example,X,tech-operator\n`
    const into = async (name: string) => upload(admin, file, { clientId: await people.clientId(name) })
    assert.equal((await into('Harbour Retail')).status, 403)
    assert.equal((await into('Meridian Foods')).status, 404)
    const tech = app.browser()
    await tech.enrolAndSignIn('tech@harbour.example')
    assert.equal((await tech.get('/users/import')).status, 403)
    assert.equal((await upload(tech, file)).status, 403)
    const path = await drafted(admin, file)
    for (const other of [desk, tech]) {
      assert.equal((await other.get(path)).status, 404)
      assert.equal((await other.get(`${path}/refused.csv`)).status, 404)
      assert.equal((await other.post(path, EVIDENCE)).status, 404)
      assert.equal((await other.post(`${path}/look`)).status, 303)
    }
    assert.equal((await admin.get('/users/import/no-id')).status, 404)
    assert.match((await upload(app.browser(), file)).location ?? '', /^\/sign-in/)
  })

  test('a user who is no Admin any more sees nothing of the file they uploaded', async () => {
    const demoted = await people.add('Meridian Foods', ['admin'])
    const browser = app.browser()
    await browser.signInWithPassword(demoted.email)
    const path = await drafted(browser, `${HEAD}desk@platform.example,Taken,tech-operator\n`)
    await app.deps.db.delete(memberships).where(eq(memberships.userId, demoted.id))
    const [tech] = await app.deps.db.select().from(roleGroups).where(eq(roleGroups.key, 'tech-operator'))
    assert.ok(tech)
    await app.deps.db.insert(memberships).values({ userId: demoted.id, roleGroupId: tech.id })
    await app.deps.db.delete(mfaPolicies)

    for (const page of [path, `${path}/progress`, `${path}/refused.csv`])
      assert.equal((await browser.get(page)).status, 403, page)
  })

  test('no import goes into a suspended account', async () => {
    const clientId = await people.clientId('Harbour Retail')
    const file = `${HEAD}late@test.example,Late,tech-operator\n`
    await app.deps.db.update(clients).set({ suspendedAt: app.clock.now() }).where(eq(clients.id, clientId))

    const answer = await upload(desk, file, { clientId })

    assert.equal(answer.status, 409)
    assert.match(answer.body, /This account is suspended/)
    await app.deps.db.update(clients).set({ suspendedAt: null }).where(eq(clients.id, clientId))
    assert.equal((await upload(desk, file, { clientId })).status, 303)
  })

  test('an import asks for a recent step-up, both for the preview and for the invitations', async () => {
    app.clock.advance(11 * MINUTE)
    const path = await drafted(
      admin,
      `${HEAD}present@test.example,Present,tech-operator\ntech@meridian.example,Taken,tech-operator\n`,
    )
    const known = await failures()
    for (const page of [path, `${path}?show=refused`, `${path}/progress`, `${path}/refused.csv`]) {
      const { status, body } = await admin.get(page)
      assert.equal(status, 401, page)
      assert.doesNotMatch(body, /tech@meridian|exists already/)
    }
    assert.equal((await admin.post(`${path}/look`, { presence: admin.wrongCode() })).status, 401)
    const present = await admin.post(`${path}/look`, { presence: admin.code() })
    assert.deepEqual([present.status, present.location], [303, path])
    const look = await admin.get(path)
    assert.match(look.body, /A user with this address exists already/)
    assert.equal((await admin.get(`${path}/refused.csv`)).status, 200)
    const learnt = (await failures()).slice(known.length).map(({ details }) => details)
    assert.deepEqual(
      learnt,
      [{ problem: 'address-taken', lines: 1 }],
      'on record when it is seen, not before',
    )

    app.clock.advance(11 * MINUTE)
    assert.equal((await admin.post(path)).status, 401)
    assert.equal((await admin.post(path, { presence: admin.code() })).status, 303)
    app.clock.advance(11 * MINUTE)
    assert.equal((await admin.get(path)).status, 200, 'what was confirmed is watched without')
  })
})

test('an unconfirmed draft is removed after a day, and a finished file after thirty days', async () => {
  const count = () => app.deps.db.$count(invitationImports)
  assert.ok((await count()) > 0)
  app.clock.advance(31 * DAY)
  await sweepExpired(app.deps)
  assert.equal(
    await app.deps.db.$count(invitationImports, inArray(invitationImports.status, ['draft', 'done'])),
    0,
  )
})
