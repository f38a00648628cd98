import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { EncryptionKey } from '../config.ts'
import { seal } from '../platform/crypto/sealed-secret.ts'
import type { SigningAlg } from './plan-rotation.ts'

/** The private key, sealed. Its `kid` is its thumbprint (RFC 7638). */
export async function newSigningKey(
  alg: SigningAlg,
  keys: readonly EncryptionKey[],
): Promise<{ kid: string; alg: SigningAlg; sealed: Buffer }> {
  const { privateKey } = await generateKeyPair(alg, { modulusLength: 2048, extractable: true })
  const jwk = await exportJWK(privateKey)
  const kid = await calculateJwkThumbprint(jwk)
  const secret = Buffer.from(JSON.stringify({ ...jwk, kid, alg, use: 'sig' }))
  return { kid, alg, sealed: seal(secret, { signingKey: kid }, keys) }
}
