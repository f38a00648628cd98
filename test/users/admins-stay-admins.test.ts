// No sequence of what Admins may do, by several Admins of an account, of its parent and of another, in any order,
// ever lets one of them reset or take over another Admin or anything outside their own account.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eq } from 'drizzle-orm'
import fc from 'fast-check'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { DAY } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import type { Browser, Fields } from '../support/browser.ts'
import { People } from '../support/people.ts'

const RUNS = 8
const STEPS = 30

const ACCOUNTS = [
  'Harbour Group',
  'Harbour Retail',
  'Harbour Online',
  'Meridian Foods',
  'Portcullis Platform',
]
const ADMINS = [
  'admin@harbour.example',
  'admin2@harbour.example',
  'admin@retail.harbour.example',
  'second@retail.harbour.example',
  'admin@online.harbour.example',
  'admin@meridian.example',
]
const HARMLESS = ['tech-operator', 'finance-operator', 'tech-admin']
const KEYS = [...HARMLESS, 'admin', 'service-desk', 'operator', 'no-such-group']

/** Everything about a user that says who can sign in as them and what they may do then. */
interface State {
  id: string
  email: string
  account: string
  status: string
  roleGroups: string[]
  isAdmin: boolean
  fingerprint: string
}

let app: TestApp
let people: People
const browsers: { email: string; browser: Browser }[] = []

before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000', SESSION_IDLE: '10h' })
  people = new People(app)
  const { id } = await people.add('Harbour Retail', ['admin'])
  await app.deps.db.update(users).set({ email: 'second@retail.harbour.example' }).where(eq(users.id, id))
  for (const email of ADMINS) {
    const browser = app.browser()
    await browser.signInWithPassword(email)
    assert.equal(await whereabouts(browser), '/')
    browsers.push({ email, browser })
  }
  // Users to act on everywhere, in each state.
  for (const account of ACCOUNTS.slice(0, 4))
    for (const status of ['active', 'invited', 'disabled'] as const)
      for (const key of ['tech-operator', 'admin']) await people.add(account, [key], status)
})
after(() => app.close())

/** The page that the gate sends the browser to. A user who must enrol does so first. */
async function whereabouts(browser: Browser): Promise<string | null> {
  const { location } = await browser.get('/sign-in')
  if (location !== '/mfa/enrol') return location
  await browser.enrol()
  return (await browser.verify(browser.nextCode())).location
}

/** All users. Sessions, locks, invitations and pending enrolments are in the fingerprint, so nothing is done unseen. */
async function everyone(): Promise<Map<string, State>> {
  const rows = await app.database.sql<State[]>`
    select u.id, u.email, c.name as account, u.status::text as status,
      coalesce((select array_agg(r.key order by r.key) from memberships m join role_groups r on r.id = m.role_group_id where m.user_id = u.id), '{}') as "roleGroups",
      exists (select 1 from memberships m join role_groups r on r.id = m.role_group_id where m.user_id = u.id and r.is_admin) as "isAdmin",
      concat_ws('|', u.client_id, u.email, u.name, u.status, u.password_hash, u.session_epoch,
        (select string_agg(concat(m.role_group_id), ',' order by m.role_group_id) from memberships m where m.user_id = u.id),
        (select string_agg(concat(a.id, a.status), ',' order by a.id) from authenticators a where a.user_id = u.id),
        (select string_agg(concat(i.id, i.used_at, i.revoked_at), ',' order by i.id) from invitations i where i.user_id = u.id),
        (select string_agg(s.id, ',' order by s.id) from sessions s where s.user_id = u.id),
        (select string_agg(concat(l.kind, l.locked_until), ',' order by l.kind) from lockouts l where l.subject = u.id)
      ) as fingerprint
    from users u join clients c on c.id = u.client_id`
  return new Map(rows.map((row) => [row.id, row]))
}

type Act =
  | { name: 'invite'; account: number | null; keys: string[]; fresh: boolean }
  | { name: 'role-groups'; target: TargetChoice; keys: string[] }
  | {
      name: 'disable' | 'enable' | 'mfa-reset' | 'unlock' | 'invitation' | 'invitation/withdraw'
      target: TargetChoice
    }
  | { name: 'mfa-policy'; account: number | null; keys: string[] }
  /** No act of an Admin: a user enrols or is locked out, so that there is something to undo. */
  | { name: 'enrol' | 'lock'; target: TargetChoice }

/** Every second one is of the actor's own account, where more is permitted. */
const target = fc.record({ own: fc.boolean(), nth: fc.nat({ max: 9999 }) })
type TargetChoice = { own: boolean; nth: number }
const keys = fc.oneof(
  fc.uniqueArray(fc.constantFrom(...HARMLESS), { minLength: 1 }),
  fc.uniqueArray(fc.constantFrom(...KEYS), { maxLength: 3 }),
)
/** Null: the actor's own, unsaid. */
const account = fc.option(fc.nat({ max: ACCOUNTS.length - 1 }))
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ name: fc.constant('invite' as const), account, keys, fresh: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ name: fc.constant('role-groups' as const), target, keys }) },
  {
    weight: 6,
    arbitrary: fc.record({
      name: fc.constantFrom(
        'disable' as const,
        'enable' as const,
        'mfa-reset' as const,
        'unlock' as const,
        'invitation' as const,
        'invitation/withdraw' as const,
      ),
      target,
    }),
  },
  fc.record({ name: fc.constant('mfa-policy' as const), account, keys }),
  {
    weight: 3,
    arbitrary: fc.record({ name: fc.constantFrom('enrol' as const, 'lock' as const), target }),
  },
)
const step = fc.record({ admin: fc.nat({ max: ADMINS.length - 1 }), act })

let newcomers = 0

/** Carries an act out the way a browser does. Returns the status; null: it was no act of an Admin. */
async function carryOut(
  by: Browser,
  self: State,
  act: Act,
  everyone: readonly State[],
): Promise<number | null> {
  const roleGroups = 'keys' in act ? act.keys.map((key): [string, string] => ['roleGroups', key]) : []
  const evidence: [string, string][] = Object.entries({
    reason: 'Because',
    ticket: 'T-1',
    identifiedBy: 'video',
  })
  if ('target' in act) {
    const { own, nth } = act.target
    const choice = everyone.filter(({ account }) => !own || account === self.account)
    const user = choice[nth % choice.length]
    assert.ok(user)
    if (act.name === 'enrol') {
      if (user.status === 'active' && !user.isAdmin) await enrol(user.id)
      return null
    }
    if (act.name === 'lock') {
      if (!ADMINS.includes(user.email)) await lock(user.id)
      return null
    }
    return (await by.post(`/users/${user.id}/${act.name}`, [...roleGroups, ...evidence])).status
  }
  if (act.name === 'mfa-policy') {
    const path = act.account === null ? '' : `/clients/${await people.clientId(ACCOUNTS[act.account] ?? '')}`
    return (await by.post(`${path}/mfa-policy`, [...roleGroups, ...evidence])).status
  }
  newcomers += 1
  const email = act.fresh ? `property${newcomers}@test.example` : 'tech@harbour.example'
  const fields: Fields = [
    ['email', email],
    ['name', 'Newcomer'],
    ['clientId', act.account === null ? '' : await people.clientId(ACCOUNTS[act.account] ?? '')],
    ...roleGroups,
    ...evidence,
  ]
  return (await by.post('/users', fields)).status
}

async function enrol(userId: string): Promise<void> {
  const now = app.clock.now()
  await app.deps.db
    .insert(authenticators)
    .values({
      userId,
      status: 'active',
      sealedSecret: Buffer.from('sealed'),
      activatedAt: now,
      pendingUntil: now,
    })
    .onConflictDoNothing()
}

async function lock(userId: string): Promise<void> {
  const now = app.clock.now()
  const inForce = { lockedAt: now, lockedUntil: new Date(now.getTime() + DAY), updatedAt: now }
  await app.deps.db
    .insert(lockouts)
    .values({ subject: userId, kind: 'code', ...inForce })
    .onConflictDoUpdate({ target: [lockouts.subject, lockouts.kind], set: inForce })
}

test('no sequence of permitted Admin actions lets an Admin reset or take over another Admin or anything outside their account', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: STEPS, maxLength: STEPS, size: 'max' }), async (steps) => {
      let before = await everyone()
      for (const { admin, act } of steps) {
        const actor = browsers[admin]
        assert.ok(actor)
        const self = [...before.values()].find(({ email }) => email === actor.email)
        assert.ok(self)

        const status = await carryOut(actor.browser, self, act, [...before.values()])

        const after = await everyone()
        if (status !== null) {
          assert.ok(status < 500, `${JSON.stringify(act)}: ${status}`)
          for (const [id, now] of after) {
            const then = before.get(id)
            if (then?.fingerprint === now.fingerprint) continue
            const about: string = `${actor.email} ${JSON.stringify(act)} changed ${now.email}`
            assert.equal(now.account, self.account, `${about}, outside the own account`)
            assert.ok(!now.isAdmin && !then?.isAdmin, `${about}, an Admin or one from now on`)
            assert.notEqual(id, self.id, `${about}: themselves`)
            assert.ok(!now.roleGroups.some((key) => ['service-desk', 'operator'].includes(key)), about)
            assert.ok(
              then || now.status === 'invited',
              `${about}: no new user is active without an invitation of their own`,
            )
          }
          assert.equal(await whereabouts(actor.browser), '/', `${actor.email} is still who they were`)
        }
        // An Admin who has just required MFA of themselves has enrolled by now.
        before = act.name === 'mfa-policy' ? await everyone() : after
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
})

test('each act of these sequences is one that an Admin can do', async () => {
  const [actor] = browsers
  assert.ok(actor)
  const own = [...(await everyone()).values()].find(({ email }) => email === actor.email)?.account ?? ''
  const evidence = { reason: 'Because', roleGroups: 'finance-operator' }
  for (const [name, status] of [
    ['role-groups', 'active'],
    ['disable', 'active'],
    ['enable', 'disabled'],
    ['mfa-reset', 'active'],
    ['unlock', 'active'],
    ['invitation', 'invited'],
    ['invitation/withdraw', 'invited'],
  ] as const) {
    const user = await people.add(own, ['tech-operator'], status)
    if (name === 'mfa-reset') await enrol(user.id)
    if (name === 'unlock') await lock(user.id)
    assert.equal((await actor.browser.post(`/users/${user.id}/${name}`, evidence)).status, 303, name)
  }
  const ofClients = await app.deps.db.select().from(roleGroups).where(eq(roleGroups.ofPlatform, false))
  const all: Fields = ofClients.map(({ key }) => ['roleGroups', key])
  assert.equal((await actor.browser.post('/mfa-policy', all)).status, 303, 'mfa-policy')
  const invited = { ...evidence, email: 'one.more@test.example', name: 'One More' }
  assert.equal((await actor.browser.post('/users', invited)).status, 303)
})
