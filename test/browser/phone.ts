import assert from 'node:assert/strict'
import jsqr from 'jsqr'
import type { Locator } from 'playwright-core'
import { PNG } from 'pngjs'
import type { TestClock } from '../support/clock.ts'
import { base32Decode, totp } from '../support/rfc6238.ts'

/** A phone with an authenticator app: its camera reads what is on the screen, its app tells codes. */
export class Phone {
  readonly #clock: TestClock
  #secret: Buffer | null = null

  constructor(clock: TestClock) {
    this.#clock = clock
  }

  /** Points the camera at a picture on the screen. Returns the link in its QR code and adds the account. */
  async scan(picture: Locator): Promise<string> {
    const { data, width, height } = PNG.sync.read(await picture.screenshot())
    const link = jsqr.default(new Uint8ClampedArray(data), width, height)?.data
    assert.ok(link, 'the camera finds a QR code')
    this.type(new URL(link).searchParams.get('secret') ?? '')
    return link
  }

  /** Adds the account by its typed key. */
  type(key: string): void {
    this.remember(base32Decode(key))
  }

  remember(secret: Buffer): void {
    assert.equal(secret.length, 20, 'a key of 160 bit')
    this.#secret = secret
  }

  /** The code shown now, or `drift` steps away from now. */
  code(drift = 0): string {
    assert.ok(this.#secret, 'an account was added')
    return totp(this.#secret, this.#clock.now(), { drift })
  }

  /** Waits for the next code. */
  nextCode(): string {
    this.#clock.advance(30_000)
    return this.code()
  }

  /** A code that is shown at no time near now. */
  wrongCode(): string {
    const near = new Set([-2, -1, 0, 1, 2].map((drift) => this.code(drift)))
    const wrong = ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.has(code))
    assert.ok(wrong)
    return wrong
  }
}
