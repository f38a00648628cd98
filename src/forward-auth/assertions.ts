import { importJWK, SignJWT } from 'jose'
import { issuerOf } from '../applications/issuer.ts'
import type { Deps } from '../deps.ts'
import { MINUTE, SECOND } from '../platform/time/durations.ts'
import { UnavailableError } from '../platform/unavailable-error.ts'
import type { SigningKeys } from '../signing-keys/signing-keys.ts'

export const ASSERTION_LIFE_MS = MINUTE
/** Signing takes half as long as the whole decision. A page loads many files within this time. */
const REUSED_FOR_MS = 10 * SECOND
const MAX_REUSABLE = 5_000

interface Signed {
  claims: string
  kid: string
  assertion: string
  at: number
}

export class NoSigningKeyError extends UnavailableError {
  constructor() {
    super('There is no key yet that signs assertions. Web makes it at its start.')
    this.name = 'NoSigningKeyError'
  }
}

/**
 * Signs identities for applications (EdDSA, 60 s). An assertion is reused for 10 seconds by the same pass and with
 * exactly the same claims, which are read anew for each decision.
 */
export class Assertions {
  readonly #deps: Pick<Deps, 'clock' | 'config'>
  readonly #signingKeys: SigningKeys
  readonly #reusable = new Map<string, Signed>()
  #imported: { kid: string; key: ReturnType<typeof importJWK> } | undefined

  constructor(deps: Pick<Deps, 'clock' | 'config'>, signingKeys: SigningKeys) {
    this.#deps = deps
    this.#signingKeys = signingKeys
  }

  /** `of`: the pass. `claims`: without `iss`, `iat` and `exp`. `kids`: of all signing keys, as read with the pass. */
  async sign(of: Buffer, claims: Record<string, unknown>, kids: string): Promise<string> {
    const now = this.#deps.clock.now().getTime()
    const { kid, key } = await this.#currentKey(kids, now)
    const pass = of.toString('latin1')
    const text = JSON.stringify(claims)
    const known = this.#reusable.get(pass)
    if (known?.claims === text && known.kid === kid && now - known.at < REUSED_FOR_MS) return known.assertion

    const seconds = Math.floor(now / SECOND)
    const assertion = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'portcullis-assertion+jwt' })
      .setIssuer(issuerOf(this.#deps.config.PUBLIC_URL))
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + ASSERTION_LIFE_MS / SECOND)
      .sign(await key)
    this.#remember(pass, { claims: text, kid, assertion, at: now })
    return assertion
  }

  #remember(pass: string, signed: Signed): void {
    this.#reusable.delete(pass)
    const [oldest] = this.#reusable.keys()
    if (this.#reusable.size >= MAX_REUSABLE && oldest !== undefined) this.#reusable.delete(oldest)
    this.#reusable.set(pass, signed)
  }

  async #currentKey(kids: string, now: number) {
    const keys = await this.#signingKeys.published(kids)
    const current = keys.find(({ alg, signsFrom }) => alg === 'EdDSA' && signsFrom.getTime() <= now)
    if (!current) throw new NoSigningKeyError()
    const { kid, privateJwk } = current
    if (this.#imported?.kid !== kid) this.#imported = { kid, key: importJWK(privateJwk, 'EdDSA') }
    return this.#imported
  }
}
