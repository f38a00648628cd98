// What ends a person's access to applications, done as people do it.
import assert from 'node:assert/strict'
import { eq } from 'drizzle-orm'
import { applications } from '../../src/platform/db/schema/applications.ts'
import { type Browser, DEMO_PASSWORD, keyOn } from './browser.ts'
import { ADMIN, type Cast, DESK, EVIDENCE } from './cast.ts'

export interface Visitor {
  id: string
  email: string
  clientId: string
  /** Signed in at the gate. */
  browser: Browser
}

export interface EndingEvent {
  title: string
  /** Whether the person has an authenticator. */
  enrolled: boolean
  /** The account, if not Harbour Group. */
  account?: string
  /** What a proxy is answered from then on. */
  status: 401 | 403
  happens(cast: Cast, visitor: Visitor, applicationIds: readonly string[]): Promise<void>
}

const REASON = { reason: 'It was asked for' }
/** The role group of every visitor. No policy of the demo accounts requires MFA of it. */
export const VISITORS = 'finance-operator'

/** A new person who is signed in. Each event has its own. */
export async function addVisitor(
  cast: Cast,
  { enrolled, account = 'Harbour Group' }: Pick<EndingEvent, 'enrolled' | 'account'>,
): Promise<Visitor> {
  const { id, email, clientId } = await cast.people.add(account, [VISITORS])
  const browser = cast.app.browser()
  if (enrolled) browser.secret = await cast.people.enrol(id)
  if (enrolled) await browser.signIn(email)
  else await browser.signInWithPassword(email)
  assert.equal(browser.last.location, '/')
  return { id, email, clientId, browser }
}

export const ENDING_EVENTS: readonly EndingEvent[] = [
  {
    title: 'they sign out at the gate',
    enrolled: true,
    status: 401,
    happens: async (_cast, { browser }) => done(await browser.post('/sign-out')),
  },
  {
    title: 'they end that session in another browser',
    enrolled: true,
    status: 401,
    happens: async (cast, { email, browser }) => {
      const other = await signInElsewhere(cast, email, browser)
      const { body } = await other.get('/account')
      const [, path] = /data-session="other".*?(\/account\/sessions\/[^"]+\/end)"/s.exec(body) ?? []
      assert.ok(path)
      done(await other.post(path))
    },
  },
  {
    title: 'their authenticator is reset',
    enrolled: true,
    status: 401,
    happens: async (cast, { id }) => done(await cast.as(ADMIN).post(`/users/${id}/mfa-reset`, REASON)),
  },
  {
    title: 'they change their password in another browser',
    enrolled: true,
    status: 401,
    happens: async (cast, { email, browser }) => {
      const other = await signInElsewhere(cast, email, browser)
      const fields = { currentPassword: DEMO_PASSWORD, password: 'a new password that is long enough' }
      done(await other.post('/account/password', fields))
    },
  },
  {
    title: 'they choose a new password by mail',
    enrolled: true,
    status: 401,
    happens: async (cast, { email }) => {
      const forgetful = cast.app.browser()
      await forgetful.post('/forgot-password', { email })
      const link = await cast.people.passwordResetLink(email)
      done(await forgetful.post(link, { password: 'a new password that is long enough' }))
    },
  },
  {
    title: 'an Admin ends all their sessions',
    enrolled: false,
    status: 401,
    happens: async (cast, { id }) => done(await cast.as(ADMIN).post(`/users/${id}/sessions/end`, REASON)),
  },
  {
    title: 'they are disabled',
    enrolled: true,
    status: 401,
    happens: async (cast, { id }) => done(await cast.as(ADMIN).post(`/users/${id}/disable`, REASON)),
  },
  {
    title: 'their client account is suspended',
    account: 'Harbour Online',
    enrolled: true,
    status: 401,
    happens: async (cast, { clientId }) =>
      done(await cast.as(DESK).post(`/clients/${clientId}/suspend`, EVIDENCE)),
  },
  {
    title: 'their role group is exchanged for one that may not enter',
    enrolled: true,
    status: 403,
    happens: async (cast, { id }) =>
      done(
        await cast
          .as(ADMIN)
          .post(`/users/${id}/role-groups`, { roleGroups: 'customer-service-operator', ...REASON }),
      ),
  },
  {
    title: 'the MFA policy demands their enrolment',
    account: 'Meridian Foods',
    enrolled: false,
    status: 401,
    happens: async (cast, { clientId }) =>
      done(
        await cast
          .as(DESK)
          .post(`/clients/${clientId}/mfa-policy`, { roleGroups: VISITORS, ...EVIDENCE, confirm: '1' }),
      ),
  },
  {
    title: 'they replace their authenticator, until they enter its code',
    enrolled: true,
    status: 401,
    happens: async (_cast, { browser }) => {
      const proof = { password: DEMO_PASSWORD, code: browser.nextCode() }
      done(await browser.post('/account/authenticator', proof))
      browser.secret = keyOn((await browser.get('/account/authenticator')).body)
      const { location } = await browser.post('/account/authenticator/confirm', { code: browser.code() })
      assert.equal(location, '/mfa/verify')
    },
  },
  {
    title: 'the application is disabled',
    enrolled: true,
    status: 403,
    happens: async (cast, _visitor, applicationIds) => {
      for (const id of applicationIds)
        await cast.app.deps.db
          .update(applications)
          .set({ disabledAt: cast.app.clock.now() })
          .where(eq(applications.id, id))
    },
  },
]

function done({ status, body }: { status: number; body: string }): void {
  assert.equal(status, 303, body)
}

async function signInElsewhere(cast: Cast, email: string, browser: Browser): Promise<Browser> {
  const other = cast.app.browser()
  other.secret = browser.secret
  await other.signIn(email)
  assert.equal(other.last.location, '/')
  return other
}
