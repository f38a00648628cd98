// Spec: "The parent-account Admin user can view account information". Accounts, their policy and audit; the Service Desk.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { navFor } from '../../src/dashboard/nav-for.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import type { TestApp } from '../support/app.ts'
import { Cast } from '../support/cast.ts'

let cast: Cast
let app: TestApp

before(async () => {
  cast = await Cast.assemble(
    [
      'admin@harbour.example',
      'tech@harbour.example',
      'admin@retail.harbour.example',
      'desk@platform.example',
      'operator@platform.example',
    ],
    ['finance@harbour.example', 'admin@online.harbour.example'],
  )
  app = cast.app
})
after(() => app.close())

const accountsOn = (html: string) =>
  [...html.matchAll(/data-client-id="[^"]*">\s*<p><a[^>]*>([^<]+)</g)].map(([, name]) => name)
const navOn = (html: string) => {
  const [nav = ''] = /<nav class="nav".*?<\/nav>/s.exec(html) ?? []
  return [...nav.matchAll(/<a href="[^"]*"[^>]*>([^<]+)</g)].map(([, label]) => label)
}
const nextOn = (html: string) => /href="([^"]+)" rel="next"/.exec(html)?.[1]?.replaceAll('&amp;', '&')

describe('accounts', () => {
  test('the accounts page shows an Admin the own account and those below, parents before children', async () => {
    const own = await cast.as('admin@harbour.example').get('/clients')
    const child = await cast.as('admin@retail.harbour.example').get('/clients')

    assert.deepEqual(accountsOn(own.body), ['Harbour Group', 'Harbour Retail', 'Harbour Online'])
    assert.deepEqual(accountsOn(child.body), ['Harbour Retail', 'Harbour Online'])
    assert.doesNotMatch(child.body, /Harbour Group/, 'no account above is shown')
  })

  test('the accounts page shows the Service Desk all accounts in the order of their names, found by a part of the name', async () => {
    const all = await cast.as('desk@platform.example').get('/clients')
    const found = await cast.as('desk@platform.example').get('/clients?q=ARBOUR%20r')

    assert.deepEqual(accountsOn(all.body), [
      'Harbour Group',
      'Harbour Online',
      'Harbour Retail',
      'Meridian Foods',
      'Portcullis Platform',
    ])
    assert.deepEqual(accountsOn(found.body), ['Harbour Retail'])
  })

  test('an Admin opens the own account and those below, and no other', async () => {
    const admin = cast.as('admin@retail.harbour.example')
    const statuses = new Map<string, number>()
    for (const name of ['Harbour Group', 'Harbour Retail', 'Harbour Online', 'Meridian Foods'])
      for (const page of ['', '/users', '/mfa-policy', '/audit']) {
        const { status, body } = await admin.get(`/clients/${await cast.people.clientId(name)}${page}`)
        statuses.set(`${name}${page}`, status)
        assert.doesNotMatch(body, /Harbour Group/)
      }

    for (const [page, status] of statuses)
      assert.equal(status, /^Harbour (Retail|Online)/.test(page) ? 200 : 404, page)
  })

  test('the accounts page is forbidden to users who are not Admins', async () => {
    for (const path of ['/clients', '/mfa-policy', '/audit'])
      for (const email of ['tech@harbour.example', 'finance@harbour.example', 'operator@platform.example']) {
        const { status, body } = await cast.as(email).get(path)
        assert.equal(status, 403, `${email} ${path}`)
        // The platform account has no Admins of its own.
        assert.match(body, /Only Admins and the Service Desk may do this\./)
      }
  })

  test('an account below can be seen by a parent’s Admin and not changed', async () => {
    const page = await cast
      .as('admin@harbour.example')
      .get(`/clients/${await cast.people.clientId('Harbour Retail')}`)

    assert.match(page.body, /only its own Admins and the Service Desk may change it/)
    assert.match(page.body, /Part of<\/dt><dd><a [^>]*>Harbour Group/)
    assert.doesNotMatch(page.body, /<form(?![^>]*action="\/sign-out")/)
  })

  test('the pages of accounts have every account exactly once, as a list and as a tree', async () => {
    const retail = await cast.people.clientId('Harbour Retail')
    const rows = Array.from({ length: 120 }, (_, number) => ({
      name: `Branch ${number % 60}`,
      parentId: retail,
    }))
    await app.deps.db.insert(clients).values(rows)

    for (const [email, expected] of [
      ['desk@platform.example', 125],
      ['admin@harbour.example', 123],
    ] as const) {
      const ids: string[] = []
      for (let path: string | undefined = '/clients'; path; ) {
        const page = await cast.as(email).get(path)
        ids.push(...[...page.body.matchAll(/data-client-id="([^"]+)"/g)].map(([, id = '']) => id))
        path = nextOn(page.body)
      }
      assert.equal(ids.length, expected)
      assert.equal(new Set(ids).size, expected)
    }
  })
})

describe('the MFA policy', () => {
  test('the MFA policy page shows which role groups require MFA and how many users hold each', async () => {
    const page = await cast.as('admin@harbour.example').get('/mfa-policy')

    const row = (key: string) =>
      new RegExp(`data-role-group="${key}".*?</tr>`, 's').exec(page.body)?.[0] ?? ''
    assert.match(row('tech-operator'), /data-requires-mfa="yes".*Members<\/span>2</s)
    assert.match(row('finance-manager'), /data-requires-mfa="no".*Members<\/span>1</s)
    assert.doesNotMatch(page.body, /data-role-group="service-desk"/)
    assert.doesNotMatch(page.body, /at least \d/)
  })

  test('the MFA policy of the platform account requires MFA of all its users', async () => {
    const page = await cast.as('desk@platform.example').get('/mfa-policy')

    assert.match(page.body, /data-role-group="operator" data-requires-mfa="yes"/)
  })
})

describe('people of the accounts below', () => {
  const peopleOn = (html: string) =>
    [...html.matchAll(/<a href="\/users\/[^"]+" id="[^"]+">([^<]+)</g)].map(([, name]) => name)
  const find = async (email: string, q: string) =>
    (await cast.as(email).get(`/clients?${new URLSearchParams({ q })}`)).body

  test('a parent’s Admin finds people of the accounts below by name and by address, with account and status', async () => {
    const body = await find('admin@harbour.example', 'MENON ravi')

    assert.deepEqual(peopleOn(body), ['Ravi Menon'])
    assert.match(body, /data-mfa="none" data-status="active".*href="\/clients\/[^"]+">Harbour Retail</s)
    assert.deepEqual(peopleOn(await find('admin@harbour.example', 'tech@online.harbour.example')), [
      'Mei-Ling Chen',
    ])
    assert.deepEqual(peopleOn(await find('admin@harbour.example', 'tech@')), ['Mei-Ling Chen', 'Ravi Menon'])
    assert.match(
      await find('admin@harbour.example', 'unknown person'),
      /No one has that in their name or address/,
    )
  })

  test('a parent’s Admin only looks: the table of people below has no acts', async () => {
    const body = await find('admin@harbour.example', 'ravi')

    assert.match(body, /href="\/users\/[0-9a-f-]+\?back=%2Fclients%3Fq%3Dravi"/)
    assert.doesNotMatch(body, /\/(mfa-reset|disable|unlock|role-groups|invitation)\b/)
  })

  test('no one of the own account, of a sibling, of an account above or elsewhere is found', async () => {
    const sibling = await app.deps.db
      .insert(clients)
      .values({ name: 'Harbour Quay', parentId: await cast.people.clientId('Harbour Group') })
      .returning()
    await app.database.sql`
      insert into users (client_id, email, name) values (${sibling[0]?.id ?? ''}, 'quinn@quay.example', 'Quinn Quay')`
    const rosa = (q: string) => find('admin@retail.harbour.example', q)

    assert.deepEqual(peopleOn(await find('admin@harbour.example', 'quinn')), ['Quinn Quay'])
    for (const q of [
      'quinn',
      'quinn@quay.example',
      'theo',
      'tech@harbour.example',
      'ravi',
      'tomasz',
      'tech@meridian.example',
    ])
      assert.deepEqual(peopleOn(await rosa(q)), [], q)
    assert.deepEqual(peopleOn(await rosa('mei-ling')), ['Mei-Ling Chen'])
    // Without accounts below there is no such search.
    assert.doesNotMatch(
      await find('admin@online.harbour.example', 'mei-ling'),
      /people-title|Account or person/,
    )
    assert.doesNotMatch(await find('desk@platform.example', 'mei-ling'), /people-title/)
  })

  test('the Home of a parent’s Admin leads there', async () => {
    assert.match((await cast.as('admin@harbour.example').get('/')).body, /action="\/clients" role="search"/)
    assert.doesNotMatch((await cast.as('admin@online.harbour.example').get('/')).body, /action="\/clients"/)
  })
})

describe('the audit log', () => {
  test('the audit log tells in sentences what happened in the account, newest first, and of one kind', async () => {
    await app.browser().enrolAndSignIn('admin2@harbour.example')

    const page = await cast.as('admin@harbour.example').get('/audit')
    const enrolled = await cast.as('admin@harbour.example').get('/audit?action=authenticator.enrolled')

    assert.match(page.body, /Fiona Gallagher entered the right password\./)
    assert.ok(page.body.indexOf('Theo Marchetti signed in.') < page.body.indexOf('Amara Okafor signed in.'))
    assert.doesNotMatch(page.body, /Rosa Delgado/, 'of another account')
    assert.match(enrolled.body, /Lucas Lindqvist set up an authenticator\./)
    assert.doesNotMatch(enrolled.body, /signed in\./)
  })

  test('the audit log does not name the target of a reset that was tried in an unrelated account', async () => {
    const admin = cast.as('admin@harbour.example')
    const refused = /Amara Okafor was not allowed to reset the MFA of ([^.]+)\./
    const tryToReset = async (email: string) => {
      await admin.post(`/users/${(await app.userNamed(email)).id}/mfa-reset`, {
        reason: 'x',
        presence: admin.nextCode(),
      })
      const [, whom] = refused.exec((await admin.get('/audit?action=mfa-reset.requested')).body) ?? []
      return whom
    }

    assert.equal(await tryToReset('admin@meridian.example'), 'a person of another account')
    assert.equal(await tryToReset('tech@retail.harbour.example'), 'Ravi Menon')
    const child = await cast.as('admin@retail.harbour.example').get('/audit?action=mfa-reset.requested')
    assert.match(child.body, /Amara Okafor was not allowed to reset the MFA of Ravi Menon/)
  })

  test('the pages of the audit log have every event exactly once', async () => {
    const guesser = app.browser()
    for (let guess = 0; guess < 60; guess += 1)
      await guesser.signInWithPassword('admin2@harbour.example', 'wrong')
    const count = await app.database.sql`
      select count(*)::int as number from audit_events
      where client_id = ${await cast.people.clientId('Harbour Group')} and action = 'sign-in.password'`

    const seen: string[] = []
    for (let path: string | undefined = '/audit?action=sign-in.password'; path; ) {
      const page = await cast.as('admin@harbour.example').get(path)
      seen.push(...[...page.body.matchAll(/Event id<\/dt><dd>([^<]+)/g)].map(([, id = '']) => id))
      path = nextOn(page.body)
    }
    assert.equal(seen.length, count[0]?.number)
    assert.equal(new Set(seen).size, seen.length)
  })
})

describe('the Service Desk', () => {
  async function found(q: string): Promise<string[]> {
    const page = await cast.as('desk@platform.example').get(`/service-desk?${new URLSearchParams({ q })}`)
    assert.equal(page.status, 200)
    return [...page.body.matchAll(/<a href="\/users\/[^/"]+" id="[^"]+">([^<]+)</g)].map(
      ([, name = '']) => name,
    )
  }

  test('the Service Desk finds any user of any account by name, e-mail address or account', async () => {
    assert.deepEqual(await found('mei-ling'), ['Mei-Ling Chen'])
    assert.deepEqual(await found('TECH@'), [
      'Mei-Ling Chen',
      'Nina Kowalska',
      'Ravi Menon',
      'Theo Marchetti',
      'Tomasz Nowak',
    ])
    assert.deepEqual(await found('meridian f'), ['Marta Johansson', 'Tomasz Nowak'])
    assert.deepEqual(await found('nobody at all'), [])
    assert.deepEqual(await found('ab'), [], 'asks for three characters')
  })

  test('the Service Desk page does not exist for other users', async () => {
    for (const email of ['admin@harbour.example', 'tech@harbour.example', 'operator@platform.example'])
      assert.equal((await cast.as(email).get('/service-desk?q=admin')).status, 404)
  })
})

describe('the navigation', () => {
  test('the navigation shows each user the pages that they may open', async () => {
    const labels = async (email: string) => navOn((await cast.as(email).get('/account')).body)

    assert.deepEqual(await labels('admin@harbour.example'), [
      'Home',
      'Users',
      'Accounts',
      'Applications',
      'MFA policy',
      'Audit',
    ])
    assert.deepEqual(await labels('admin@online.harbour.example'), [
      'Home',
      'Users',
      'Applications',
      'MFA policy',
      'Audit',
    ])
    assert.deepEqual(await labels('desk@platform.example'), [
      'Home',
      'Service Desk',
      'Approvals',
      'Accounts',
      'Applications',
    ])
    assert.deepEqual(await labels('operator@platform.example'), ['Operations'])
    assert.deepEqual(await labels('tech@harbour.example'), ['Home'])
  })

  test('the navigation marks the current page', () => {
    const admin = { isAdmin: true, isServiceDesk: false, isOperator: false, ofParent: true, cases: 0 }
    const current = (path: string) =>
      navFor(admin, path).flatMap(({ current, label }) => (current ? [label] : []))

    assert.deepEqual(current('/'), ['Home'])
    assert.deepEqual(current('/users/1/mfa-reset'), ['Users'])
    assert.deepEqual(current('/clients/1/users'), ['Accounts'])
    assert.deepEqual(current('/usersandmore'), [])
  })
})
