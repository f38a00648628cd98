// The back-channel logout of the demo dashboard, which others may take as an example.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { LogoutTokens } from '../../src/demo-application/verify-logout-token.ts'

const ISSUER = 'https://gate.example/oidc'
const CLIENT = 'demo'
const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} }

let key: CryptoKey
let provider: { issuer: string; jwks_uri: string }
let tokens: LogoutTokens
const server = createServer()

before(async () => {
  const pair = await generateKeyPair('RS256')
  key = pair.privateKey
  const keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'a', alg: 'RS256', use: 'sig' }]
  server.on('request', (_req, res) => res.end(JSON.stringify({ keys })))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  provider = { issuer: ISSUER, jwks_uri: `http://127.0.0.1:${port}/` }
})
after(() => server.close())
beforeEach(() => {
  tokens = new LogoutTokens()
})

const seconds = () => Math.floor(Date.now() / 1000)

interface Given {
  claims?: JWTPayload
  typ?: string
  without?: string
  signedBy?: CryptoKey
}

function token({ claims = {}, typ = 'logout+jwt', without, signedBy = key }: Given = {}): Promise<string> {
  const now = seconds()
  const payload: JWTPayload = {
    ...{ iss: ISSUER, aud: CLIENT, iat: now, exp: now + 120, jti: `${Math.random()}`, events: EVENTS },
    ...{ sub: 'theo', sid: 'session' },
    ...claims,
  }
  if (without !== undefined) delete payload[without]
  return new SignJWT(payload).setProtectedHeader({ typ, alg: 'RS256', kid: 'a' }).sign(signedBy)
}

const accept = (given: string) => tokens.accept(given, provider, CLIENT)

test('a logout token ends the session that it names', async () => {
  assert.deepEqual(await accept(await token()), { sub: 'theo', sid: 'session' })
})

test('a logout token without a session ends all of the person', async () => {
  assert.deepEqual(await accept(await token({ without: 'sid' })), { sub: 'theo', sid: undefined })
})

test('a logout token is accepted once', async () => {
  const sent = await token()
  await accept(sent)
  await assert.rejects(accept(sent), /used before/)
})

test('of ten deliveries of one logout token at once one is accepted', async () => {
  const sent = await token()
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => accept(sent)))
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
})

const WRONG: Record<string, () => Promise<string>> = {
  'that has expired': () => token({ claims: { iat: seconds() - 300, exp: seconds() - 60 } }),
  'that is old, though it has not expired': () =>
    token({ claims: { iat: seconds() - 600, exp: seconds() + 600 } }),
  'from the future': () => token({ claims: { iat: seconds() + 600, exp: seconds() + 900 } }),
  'for another application': () => token({ claims: { aud: 'grafana' } }),
  'of another issuer': () => token({ claims: { iss: 'https://evil.example/oidc' } }),
  'with a nonce, as an ID token has': () => token({ claims: { nonce: 'n' } }),
  'of the type of an ID token': () => token({ typ: 'JWT' }),
  'without events': () => token({ without: 'events' }),
  'about another event': () => token({ claims: { events: { 'https://evil.example': {} } } }),
  'whose events are a text': () => token({ claims: { events: Object.keys(EVENTS)[0] } }),
  'without a jti': () => token({ without: 'jti' }),
  'without a time': () => token({ without: 'iat' }),
  'without an end': () => token({ without: 'exp' }),
  'that names neither person nor session': () => token({ claims: { sid: undefined }, without: 'sub' }),
  'signed with another key': async () => token({ signedBy: (await generateKeyPair('RS256')).privateKey }),
  'that is not signed': async () => {
    const [, payload] = (await token()).split('.')
    const header = Buffer.from('{"alg":"none","typ":"logout+jwt"}').toString('base64url')
    return `${header}.${payload}.`
  },
  'that is no token': async () => 'nothing',
}

for (const [what, make] of Object.entries(WRONG))
  test(`a logout token ${what} is refused`, async () => {
    await assert.rejects(accept(await make()))
  })
