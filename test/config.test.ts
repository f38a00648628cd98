// What the environment may say.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError, readConfig, readWorkerConfig } from '../src/config.ts'
import { MINUTE, SECOND } from '../src/platform/time/durations.ts'

const COMPLETE = {
  DATABASE_URL: 'postgres://portcullis@localhost/portcullis',
  PUBLIC_URL: 'https://dashboard.example',
  SMTP_URL: 'smtp://localhost:25',
  MAIL_FROM: 'Portcullis <gate@portcullis.test>',
  SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
}

test('TRUST_PROXY takes a number of proxies, addresses and networks, and refuses what Express would reject', () => {
  const trusting = (text: string) => readConfig({ ...COMPLETE, TRUST_PROXY: text }).TRUST_PROXY
  assert.equal(trusting('1'), 1)
  assert.deepEqual(trusting('loopback, 10.0.0.0/8'), ['loopback', '10.0.0.0/8'])
  assert.deepEqual(trusting('192.0.2.1,2001:db8::/32,::1'), ['192.0.2.1', '2001:db8::/32', '::1'])
  for (const text of ['true', '1.2', 'cafe', '10.0.0.0/99', '2001:db8::/129', '10.0.0.0/', '*'])
    assert.throws(() => trusting(text), ConfigurationError, text)
})

test('a duration needs a unit, so that no number is mistaken', () => {
  const lasting = (text: string) => readConfig({ ...COMPLETE, LOCKOUT_DURATION: text }).LOCKOUT_DURATION
  assert.equal(lasting('15m'), 15 * MINUTE)
  assert.equal(lasting('90 s'), 90 * SECOND)
  for (const text of ['900', '900.5', '-15m', '0m', 'm', 'soon', 'Infinity s'])
    assert.throws(() => lasting(text), ConfigurationError, text)
})

test('a session lasts whole seconds, and the message of another length names every other problem too', () => {
  const lasting = (text: string) => readConfig({ ...COMPLETE, SESSION_ABSOLUTE: text }).SESSION_ABSOLUTE
  assert.equal(lasting('90s'), 90 * SECOND)
  for (const text of ['1500ms', '0.0001h', '500ms'])
    assert.throws(() => lasting(text), /SESSION_ABSOLUTE must be a whole number of seconds/, text)
  assert.throws(
    () => readConfig({ ...COMPLETE, SESSION_ABSOLUTE: '1500ms', PUBLIC_URL: '' }),
    /PUBLIC_URL must be given\n.*SESSION_ABSOLUTE must be a whole number of seconds/,
  )
})

test('the worker requires AUDIT_KEYS, and the web process ignores them', () => {
  const key = Buffer.alloc(32, 9).toString('base64')
  const keysOf = (text: string) => readWorkerConfig({ ...COMPLETE, AUDIT_KEYS: text }).AUDIT_KEYS
  assert.deepEqual(
    keysOf(`a2:${key}, a1:${key}`).map(({ id }) => id),
    ['a2', 'a1'],
  )
  for (const text of ['', key, `a1:${key.slice(4)}`, `a1:${key},a1:${key}`])
    assert.throws(() => keysOf(text), /^ConfigurationError: .*\n {2}- AUDIT_KEYS must/, text)
  assert.throws(
    () => readWorkerConfig({ ...COMPLETE, PUBLIC_URL: '' }),
    /PUBLIC_URL must be given\n.*AUDIT_KEYS must be given/,
  )
  assert.ok(!('AUDIT_KEYS' in readConfig({ ...COMPLETE, AUDIT_KEYS: `a1:${key}` })))
})

test('REDIS_SENTINELS lists addresses with one way in, and needs a REDIS_URL that names their master', () => {
  const REDIS_URL = 'redis://mymaster'
  const reading = (env: Record<string, string>) => () => readConfig({ ...COMPLETE, ...env })

  const { REDIS_SENTINELS } = reading({ REDIS_URL, REDIS_SENTINELS: 'redis://one, redis://two:26380' })()
  assert.deepEqual(
    REDIS_SENTINELS?.map(({ host }) => host),
    ['one', 'two:26380'],
  )
  assert.throws(
    reading({ REDIS_SENTINELS: 'redis://one', PUBLIC_URL: '' }),
    /PUBLIC_URL must be given\n.*REDIS_SENTINELS needs a REDIS_URL/,
  )
  for (const text of ['one:26379', 'redis://one/0', 'redis://one,', 'redis://:a@one,redis://:b@two'])
    assert.throws(reading({ REDIS_URL, REDIS_SENTINELS: text }), /REDIS_SENTINELS must/, text)
})
