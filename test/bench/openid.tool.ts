// Signed-in people who enter an application by OpenID Connect: authorization, token, userinfo. Every answer is checked.
import { createHash, randomBytes } from 'node:crypto'
import { type Answer, Connection } from './connection.ts'
import { answerQuestions } from './tool.ts'

export interface EntryLoad {
  warmUpMs: number
  measureMs: number
  /** One person each, all at the same time. */
  cookies: readonly string[]
  atMost?: number
}

export interface EntriesDone {
  perSecond: number
  /** Those of the warm-up too. */
  completed: number
  wholeMs: number[]
}

const [origin = '', clientId = '', secret = '', redirectUri = ''] = process.argv.slice(2)
const basic = `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`

answerQuestions(async ({ warmUpMs, measureMs, cookies, atMost }: EntryLoad): Promise<EntriesDone> => {
  const done: EntriesDone = { perSecond: 0, completed: 0, wholeMs: [] }
  const measureFrom = performance.now() + warmUpMs
  const measureTo = measureFrom + measureMs
  await Promise.all(
    cookies.map(async (cookie) => {
      const connection = await Connection.open(origin)
      for (let times = 0; performance.now() < measureTo && times < (atMost ?? Infinity); times += 1) {
        const began = performance.now()
        await enter(connection, cookie)
        done.completed += 1
        const now = performance.now()
        if (now >= measureFrom && now <= measureTo) done.wholeMs.push(now - began)
      }
      connection.close()
    }),
  )
  done.perSecond = (done.wholeMs.length / measureMs) * 1000
  return done
})

async function enter(connection: Connection, cookie: string): Promise<void> {
  const verifier = randomBytes(32).toString('base64url')
  const asked = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid profile email groups account',
    state: 's',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const authorized = await connection.send(`/oidc/auth?${asked}`, cookie)
  const code = authorized.location?.startsWith(redirectUri)
    ? new URL(authorized.location).searchParams.get('code')
    : null
  if (!code) throw problem('authorization', authorized)

  const grant = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }
  const tokens = await connection.send('/oidc/token', null, grant, { Authorization: basic })
  const token: unknown = tokens.status === 200 ? JSON.parse(tokens.body).access_token : null
  if (typeof token !== 'string') throw problem('token request', tokens)

  const userinfo = await connection.send('/oidc/me', null, undefined, { Authorization: `Bearer ${token}` })
  if (userinfo.status !== 200) throw problem('userinfo request', userinfo)
}

function problem(what: string, { status, location, body }: Answer): Error {
  return new Error(`the ${what} was answered ${status} ${location ?? ''}\n${body.slice(0, 1000)}`)
}
