// TOTP against RFC 6238 Appendix B, RFC 4226 Appendix D and an implementation written independently.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  manualKey,
  matchingStep,
  newSecret,
  provisioningUri,
  secondsUntilNextCode,
  timeStep,
} from '../../src/mfa/totp.ts'
import { base32Decode, hotp, totp } from '../support/rfc6238.ts'

const RFC_SECRET = Buffer.from('12345678901234567890')

// RFC 6238 Appendix B, SHA-1: the last six of its eight digits.
const APPENDIX_B: [number, string][] = [
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
]

test('the codes of RFC 6238 Appendix B are accepted at their times', () => {
  for (const [seconds, code] of APPENDIX_B) {
    const now = new Date(seconds * 1000)
    assert.equal(matchingStep(RFC_SECRET, code, now), timeStep(now), code)
    assert.equal(totp(RFC_SECRET, now), code, 'the independent implementation agrees')
  }
})

test('the independent implementation gives the values of RFC 4226 Appendix D', () => {
  const values = [
    '755224',
    '287082',
    '359152',
    '969429',
    '338314',
    '254676',
    '287922',
    '162583',
    '399871',
    '520489',
  ]
  assert.deepEqual(
    values.map((_, counter) => hotp(RFC_SECRET, counter)),
    values,
  )
})

test('one step of drift either way is accepted, and no more', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 20, maxLength: 20 }),
      fc.integer({ min: 100, max: 2_000_000_000 }),
      (bytes, seconds) => {
        const secret = Buffer.from(bytes)
        const now = new Date(seconds * 1000)
        const near = [-1, 0, 1].map((drift) => totp(secret, now, { drift }))
        for (const drift of [-1, 0, 1])
          assert.notEqual(matchingStep(secret, totp(secret, now, { drift }), now), null, `drift ${drift}`)
        for (const drift of [-3, -2, 2, 3]) {
          const code = totp(secret, now, { drift })
          if (!near.includes(code)) assert.equal(matchingStep(secret, code, now), null, `drift ${drift}`)
        }
      },
    ),
  )
})

test('only six ASCII digits can be right, and nothing throws', () => {
  const now = new Date(59_000)
  const odd = [
    '',
    ' ',
    '28708',
    '2870822',
    '28708a',
    '+87082',
    '-87082',
    '2e7082',
    '287 082',
    '２８７０８２',
    '٢٨٧٠٨٢',
    '287082\n',
    '\0'.repeat(6),
  ]
  for (const code of odd) assert.equal(matchingStep(RFC_SECRET, code, now), null, JSON.stringify(code))
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      (text) => /^[0-9]{6}$/.test(text) || matchingStep(RFC_SECRET, text, now) === null,
    ),
  )
})

test('secrets have 160 bits, all differ, and the key for typing is the secret', () => {
  const secrets = Array.from({ length: 200 }, newSecret)
  assert.equal(new Set(secrets.map((secret) => secret.toString('hex'))).size, 200)
  for (const secret of secrets) {
    assert.equal(secret.length, 20)
    assert.match(manualKey(secret), /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/)
    assert.deepEqual(base32Decode(manualKey(secret)), secret)
  }
})

test('names cannot add parameters to the otpauth link', () => {
  for (const label of [
    'a@b.example',
    'a&secret=AAAA@b.example',
    'a?issuer=Evil@b',
    'a#b@c',
    'a:b@c',
    'é ü 🔑@d',
  ]) {
    const uri = new URL(provisioningUri(RFC_SECRET, 'Portcullis dashboard.example', label))
    assert.equal(uri.protocol, 'otpauth:')
    assert.deepEqual(uri.searchParams.getAll('issuer'), ['Portcullis dashboard.example'])
    assert.deepEqual(uri.searchParams.getAll('secret').map(base32Decode), [RFC_SECRET])
    assert.equal(uri.searchParams.get('algorithm'), 'SHA1')
    assert.equal(uri.searchParams.get('digits'), '6')
    assert.equal(uri.searchParams.get('period'), '30')
    assert.equal(decodeURIComponent(uri.pathname).replace(/^.*?:/, ''), label)
    assert.equal(uri.hash, '')
  }
})

test('the seconds until the next code count down to the end of the step that was used', () => {
  const step = 10
  assert.equal(secondsUntilNextCode(step, new Date(300_000)), 30)
  assert.equal(secondsUntilNextCode(step, new Date(329_001)), 1)
  assert.equal(secondsUntilNextCode(step, new Date(330_000)), 0)
  assert.equal(secondsUntilNextCode(step + 1, new Date(329_000)), 31, 'a code from a fast phone')
})
