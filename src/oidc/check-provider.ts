import { ConfigurationError } from '../config.ts'
import type { Deps } from '../deps.ts'
import { UnreadableSecretError } from '../platform/crypto/sealed-secret.ts'
import { readSigningKeys } from '../signing-keys/signing-keys.queries.ts'
import { createProvider } from './create-provider.ts'

/**
 * Throws at start if the signing keys do not open or oidc-provider does not accept our settings. Without a database it
 * is found out later.
 */
export async function checkProvider(deps: Deps): Promise<void> {
  const keys = await readKeys(deps)
  if (keys.length > 0) createProvider(deps, keys)
}

async function readKeys({ db, config, clock }: Deps) {
  try {
    const keys = await readSigningKeys(db, config.ENCRYPTION_KEYS, clock.now())
    return keys.map(({ privateJwk }) => privateJwk)
  } catch (error) {
    if (error instanceof UnreadableSecretError)
      throw new ConfigurationError([`ENCRYPTION_KEYS do not open the signing keys: ${error.message}`])
    return []
  }
}
