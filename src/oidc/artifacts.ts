import { and, eq, gt, isNull, lte } from 'drizzle-orm'
import type { AdapterPayload } from 'oidc-provider'
import type { Deps } from '../deps.ts'
import { hashToken } from '../platform/crypto/link-token.ts'
import { oidcArtifacts } from '../platform/db/schema/oidc.ts'
import { HOUR, SECOND } from '../platform/time/durations.ts'

/** How long a person may take from the request of an application to its answer, in seconds. */
export const INTERACTION_LIFE_S = HOUR / SECOND

type ArtifactDeps = Pick<Deps, 'db' | 'clock'>

/** What the provider keeps besides clients, grants and sessions. Ids are secrets: only their SHA-256 is stored. */
export class Artifacts {
  readonly #deps: ArtifactDeps
  readonly #model: string

  constructor(deps: ArtifactDeps, model: string) {
    this.#deps = deps
    this.#model = model
  }

  async save(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const row = this.#row(id, payload, expiresIn)
    await this.#deps.db
      .insert(oidcArtifacts)
      .values(row)
      .onConflictDoUpdate({
        target: [oidcArtifacts.model, oidcArtifacts.idHash],
        set: { payload: row.payload, expiresAt: row.expiresAt },
      })
  }

  /** Returns whether it was new: two requests at once may both have looked before. */
  async saveOnce(id: string, payload: AdapterPayload, expiresIn: number): Promise<boolean> {
    const row = this.#row(id, payload, expiresIn)
    const saved = await this.#deps.db
      .insert(oidcArtifacts)
      .values(row)
      .onConflictDoUpdate({
        target: [oidcArtifacts.model, oidcArtifacts.idHash],
        set: { payload: row.payload, expiresAt: row.expiresAt },
        setWhere: lte(oidcArtifacts.expiresAt, this.#deps.clock.now()),
      })
      .returning({ model: oidcArtifacts.model })
    return saved.length === 1
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const now = this.#deps.clock.now()
    const [row] = await this.#deps.db
      .select()
      .from(oidcArtifacts)
      .where(and(this.#is(id), gt(oidcArtifacts.expiresAt, now)))
    if (!row) return undefined
    return {
      ...row.payload,
      jti: id,
      exp: expiryFor(row.expiresAt, now),
      ...(row.consumedAt && { consumed: Math.floor(row.consumedAt.getTime() / SECOND) }),
    }
  }

  /** Returns whether this call consumed it: of several at once, one. */
  async consume(id: string): Promise<boolean> {
    const consumed = await this.#deps.db
      .update(oidcArtifacts)
      .set({ consumedAt: this.#deps.clock.now() })
      .where(and(this.#is(id), isNull(oidcArtifacts.consumedAt)))
      .returning({ model: oidcArtifacts.model })
    return consumed.length === 1
  }

  /** The grant that a code or token hangs on. */
  async grantOf(id: string): Promise<string | null> {
    const [row] = await this.#deps.db
      .select({ grantId: oidcArtifacts.grantId })
      .from(oidcArtifacts)
      .where(this.#is(id))
    return row?.grantId ?? null
  }

  async delete(id: string): Promise<void> {
    await this.#deps.db.delete(oidcArtifacts).where(this.#is(id))
  }

  #row(id: string, { jti: _secret, ...payload }: AdapterPayload, expiresIn: number) {
    return {
      model: this.#model,
      idHash: hashToken(id),
      grantId: payload.grantId ?? null,
      payload: { ...payload },
      expiresAt: new Date(this.#deps.clock.now().getTime() + expiresIn * SECOND),
    }
  }

  #is(id: string) {
    return and(eq(oidcArtifacts.model, this.#model), eq(oidcArtifacts.idHash, hashToken(id)))
  }
}

/** The provider compares `exp` with the clock of the process. What is left is measured by ours. */
export function expiryFor(expiresAt: Date, now: Date): number {
  return Math.floor(Date.now() / SECOND) + Math.floor((expiresAt.getTime() - now.getTime()) / SECOND)
}
