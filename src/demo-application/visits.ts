import { randomUUID } from 'node:crypto'
import type { UserInfoResponse } from 'openid-client'
import { type RelyingParty, SessionRefusedError, type SignIn } from './relying-party.ts'

const LIFE_MS = 12 * 60 * 60 * 1000

/** Why a visit is over. `told`: by back-channel logout. `refused`: the provider accepts its tokens no longer. */
export type Ending = 'told' | 'refused'

export interface Visit {
  id: string
  signIn: SignIn
  openedAt: number
  ended: Ending | null
  /** Under way. */
  renewal: Promise<void> | null
}

/** The people who are signed in to this dashboard, in memory. */
export class Visits {
  readonly #byId = new Map<string, Visit>()

  open(signIn: SignIn): Visit {
    const now = Date.now()
    for (const { id, openedAt } of this.#byId.values()) if (now - openedAt > LIFE_MS) this.#byId.delete(id)
    const visit = { id: randomUUID(), signIn, openedAt: now, ended: null, renewal: null }
    this.#byId.set(visit.id, visit)
    return visit
  }

  find(id: string | undefined): Visit | null {
    return (id !== undefined && this.#byId.get(id)) || null
  }

  close(id: string | undefined): void {
    if (id !== undefined) this.#byId.delete(id)
  }

  /** Ends the visits of one session, or all of a person. */
  endAll({ sid, sub }: { sid: string | undefined; sub: string | undefined }): void {
    for (const visit of this.#byId.values()) {
      const { signIn } = visit
      if (sid === undefined ? signIn.sub === sub : signIn.sid === sid) visit.ended = 'told'
    }
  }
}

/** Who the person of a visit is now. Throws SessionRefusedError if their session at the gate has ended. */
export async function askGate(relyingParty: RelyingParty, visit: Visit): Promise<UserInfoResponse> {
  const { sub } = visit.signIn
  try {
    return await relyingParty.userinfo(visit.signIn, sub)
  } catch (error) {
    // The access token may only have expired.
    const { refreshToken } = visit.signIn
    if (!(error instanceof SessionRefusedError) || refreshToken === undefined) throw error
    await renew(relyingParty, visit, refreshToken)
    return relyingParty.userinfo(visit.signIn, sub)
  }
}

/** Requests at the same time renew once: a refresh token that is used twice ends its grant. */
function renew(relyingParty: RelyingParty, visit: Visit, refreshToken: string): Promise<void> {
  visit.renewal ??= relyingParty
    .refresh(refreshToken)
    .then((tokens) => {
      visit.signIn = { ...visit.signIn, ...tokens }
    })
    .finally(() => {
      visit.renewal = null
    })
  return visit.renewal
}
