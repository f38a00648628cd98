// The public keys with which an application proves its identity (private_key_jwt), pasted as a JWK Set. Pure.
import { createPublicKey } from 'node:crypto'
import type { JSONWebKeySet, JWK } from 'jose'
import { z } from 'zod'

export type ReadKeys = { keys: JSONWebKeySet } | { problem: string }

const MAX_KEYS = 5
const MIN_RSA_BITS = 2048

/** Members of private and symmetric keys (RFC 7518). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

const NO_SET = 'Paste a JWK Set: {"keys": [ … ]}.'

const text = z.string().max(2_000)
const about = {
  kid: text.max(200).optional(),
  alg: text.max(20).optional(),
  use: z.literal('sig').optional(),
}
const publicKey = z.discriminatedUnion('kty', [
  z.object({ kty: z.literal('RSA'), n: text, e: text, ...about }),
  z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: text, y: text, ...about }),
  z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: text, ...about }),
])

/** Reads a JWK Set, or a single JWK. Keeps the public members only. */
export function readPublicKeys(typed: string): ReadKeys {
  const given = keysIn(typed)
  if (given === null || given.length === 0) return { problem: NO_SET }
  if (given.length > MAX_KEYS) return { problem: `There may be at most ${MAX_KEYS} keys.` }
  if (given.some(holdsSecret))
    return {
      problem:
        'This holds a private or symmetric key. Consider that key disclosed: make a new one, and paste its public part only.',
    }
  const keys = given.map((key) => publicKey.safeParse(key).data)
  const sound = keys.flatMap((key) => (key && isSound(key) ? [key] : []))
  if (sound.length < given.length)
    return {
      problem: `Each key must be a public RSA key of at least ${MIN_RSA_BITS} bits, a P-256 key or an Ed25519 key, for signatures.`,
    }
  const ids = sound.flatMap(({ kid }) => kid ?? [])
  if (new Set(ids).size < ids.length) return { problem: 'Two of the keys have the same kid.' }
  if (sound.length > 1 && ids.length < sound.length)
    return { problem: 'Of several keys each must have a kid.' }
  return { keys: { keys: sound.map(withoutUndefined) } }
}

function keysIn(typed: string): Record<string, unknown>[] | null {
  try {
    const parsed = z.record(z.string(), z.unknown()).parse(JSON.parse(typed))
    const keys = 'kty' in parsed ? [parsed] : parsed.keys
    return z.array(z.record(z.string(), z.unknown())).parse(keys)
  } catch {
    return null
  }
}

function holdsSecret(key: Record<string, unknown>): boolean {
  return key.kty === 'oct' || SECRET_MEMBERS.some((member) => Object.hasOwn(key, member))
}

function isSound(key: z.infer<typeof publicKey>): boolean {
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: withoutUndefined(key), format: 'jwk' })
    return (asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS) >= MIN_RSA_BITS
  } catch {
    return false
  }
}

function withoutUndefined(key: z.infer<typeof publicKey>): JWK {
  return Object.fromEntries(Object.entries(key).filter(([, value]) => value !== undefined)) as JWK
}
