import assert from 'node:assert/strict'
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { test } from 'node:test'
import { readPublicKeys } from '../../src/applications/public-keys.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const ed = generateKeyPairSync('ed25519')
const x25519 = generateKeyPairSync('x25519')

const publicOf = ({ publicKey }: { publicKey: { export(o: { format: 'jwk' }): JsonWebKey } }) =>
  publicKey.export({ format: 'jwk' })
const set = (...keys: object[]) => JSON.stringify({ keys })

const GOOD: Record<string, string> = {
  'an RSA key of 2048 bits': set(publicOf(rsa)),
  'a P-256 key': set(publicOf(ec)),
  'an Ed25519 key': set(publicOf(ed)),
  'a single JWK without a set': JSON.stringify(publicOf(ed)),
  'two keys with names of their own': set({ ...publicOf(rsa), kid: 'a' }, { ...publicOf(ec), kid: 'b' }),
}

const BAD: Record<string, [string, RegExp]> = {
  nothing: ['', /JWK Set/],
  'no JSON': ['-----BEGIN PUBLIC KEY-----', /JWK Set/],
  'an empty set': [set(), /JWK Set/],
  'a list': [JSON.stringify([publicOf(rsa)]), /JWK Set/],
  'a private RSA key': [set(rsa.privateKey.export({ format: 'jwk' })), /private/],
  'a private EC key': [set(ec.privateKey.export({ format: 'jwk' })), /private/],
  'a private Ed25519 key': [JSON.stringify(ed.privateKey.export({ format: 'jwk' })), /private/],
  'a private key behind a public one': [
    set({ ...publicOf(rsa), kid: 'a' }, ed.privateKey.export({ format: 'jwk' })),
    /private/,
  ],
  'a symmetric key': [set({ kty: 'oct', k: 'AAAA' }), /symmetric/],
  'an RSA key of 1024 bits': [set(publicOf(weak)), /at least 2048/],
  'a P-384 key': [set(publicOf(p384)), /P-256/],
  'an X25519 key': [set(publicOf(x25519)), /Ed25519/],
  'a point that is not on the curve': [set({ kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' }), /public/],
  'a key for encryption': [set({ ...publicOf(rsa), use: 'enc' }), /for signatures/],
  'two keys of one name': [set({ ...publicOf(rsa), kid: 'a' }, { ...publicOf(ec), kid: 'a' }), /same kid/],
  'two keys without names': [set(publicOf(rsa), publicOf(ec)), /kid/],
  'six keys': [set(...[1, 2, 3, 4, 5, 6].map((kid) => ({ ...publicOf(ed), kid: `${kid}` }))), /at most 5/],
}

for (const [what, typed] of Object.entries(GOOD))
  test(`${what} can be registered`, () => {
    assert.ok('keys' in readPublicKeys(typed))
  })

for (const [what, [typed, problem]] of Object.entries(BAD))
  test(`${what} cannot be registered`, () => {
    const read = readPublicKeys(typed)
    assert.ok('problem' in read)
    assert.match(read.problem, problem)
  })

test('of a key only its public members are kept', () => {
  const read = readPublicKeys(set({ ...publicOf(ed), kid: 'a', x5u: 'https://evil.example', ext: true }))

  assert.deepEqual(read, { keys: { keys: [{ ...publicOf(ed), kid: 'a' }] } })
})
