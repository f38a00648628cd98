import type { Deps } from '../deps.ts'
import { inSigningOrder } from './plan-rotation.ts'
import { readKids, readSigningKeys, type SigningKey } from './signing-keys.queries.ts'

type KeyDeps = Pick<Deps, 'gateDb' | 'clock' | 'config'>

/**
 * The signing keys in the memory of a process. Each use asks whether there are others by now: after an emergency no
 * process signs with a replaced key, and each publishes the new keys before another signs with them.
 */
export class SigningKeys {
  readonly #deps: KeyDeps
  #known: { kids: string; keys: SigningKey[] } | undefined

  constructor(deps: KeyDeps) {
    this.#deps = deps
  }

  /** The published keys: the first one of an algorithm signs now. `kids`: those in the database, if just read. */
  async published(kids?: string): Promise<SigningKey[]> {
    const { gateDb, config, clock } = this.#deps
    const stored = kids ?? (await readKids(gateDb))
    const now = clock.now()
    if (this.#known?.kids !== stored) {
      const keys = await readSigningKeys(gateDb, config.ENCRYPTION_KEYS, now)
      this.#known = { kids: stored, keys }
    }
    return inSigningOrder(this.#known.keys, now)
  }
}
