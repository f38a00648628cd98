import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { and, eq, gt, isNull } from 'drizzle-orm'
import { type Adapter, type AdapterPayload, Provider } from 'oidc-provider'
import { authenticationClaims } from '../applications/claims.ts'
import type { Deps } from '../deps.ts'
import { hashToken } from '../platform/crypto/link-token.ts'
import { oidcSessions } from '../platform/db/schema/oidc.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { MINUTE } from '../platform/time/durations.ts'
import { expiryFor } from './artifacts.ts'
import { type SignedIn, signedInBy } from './signed-in.ts'

/** Only for a form that sends itself. Anyone can have such rows stored. */
const SIGNED_OUT_LIFE_MS = 10 * MINUTE

/**
 * The provider's session is the session of the gate, derived from it at each request: no second session can outlive it.
 * Stored are its `uid` and the secret of the logout form. Browsers that are signed out have a cookie of the provider.
 */
export function sessionAdapter(deps: Deps): Partial<Adapter> {
  const { db, clock, config } = deps
  const here = () => (Provider.ctx ? signedInBy(Provider.ctx.req, clock) : null)
  /** By the person as read for one request. */
  const stateBefore = new WeakMap<object, unknown>()
  const expiry = () => new Date(clock.now().getTime() + config.SESSION_ABSOLUTE)

  return {
    find: async (id) => {
      const own = here()
      if (own) return id === own.session.sessionId ? derive(own, await readOwn(own)) : undefined
      const [row] = await db
        .select()
        .from(oidcSessions)
        .where(and(eq(oidcSessions.idHash, hashToken(id)), gt(oidcSessions.expiresAt, clock.now())))
      return row && { jti: id, exp: expiryFor(row.expiresAt, clock.now()), ...pick(row) }
    },
    findByUid: async (uid) => {
      const [row] = await db
        .select({ accountId: sessions.userId })
        .from(oidcSessions)
        .innerJoin(sessions, eq(sessions.id, oidcSessions.sessionId))
        .where(and(eq(oidcSessions.uid, uid), gt(sessions.expiresAt, clock.now())))
      return row?.accountId
        ? { uid, accountId: row.accountId, exp: expiryFor(expiry(), clock.now()) }
        : undefined
    },
    upsert: async (id, { uid, accountId, state = null }) => {
      if (uid === undefined) throw new Error('a session without uid')
      const own = here()
      if (own && accountId === own.person.id) {
        if (isDeepStrictEqual(state, stateBefore.get(own.person))) return
        await db
          .update(oidcSessions)
          .set({ state })
          .where(and(eq(oidcSessions.uid, uid), eq(oidcSessions.sessionId, own.session.sessionId)))
      } else if (!own && accountId === undefined) {
        const expiresAt = new Date(clock.now().getTime() + SIGNED_OUT_LIFE_MS)
        const row = { idHash: hashToken(id), state, expiresAt }
        await db
          .insert(oidcSessions)
          .values({ uid, ...row })
          .onConflictDoUpdate({
            target: oidcSessions.uid,
            set: row,
            setWhere: isNull(oidcSessions.sessionId),
          })
      }
    },
    // A session of the gate ends by signing out.
    destroy: async (id) => {
      await db.delete(oidcSessions).where(eq(oidcSessions.idHash, hashToken(id)))
    },
  }

  async function readOwn({ session: { sessionId } }: SignedIn) {
    const [known] = await db.select().from(oidcSessions).where(eq(oidcSessions.sessionId, sessionId))
    if (known) return known
    const [row] = await db
      .insert(oidcSessions)
      .values({ uid: randomUUID(), sessionId, expiresAt: expiry() })
      // Two first requests at once get the same uid.
      .onConflictDoUpdate({ target: oidcSessions.sessionId, set: { sessionId } })
      .returning()
    if (!row) throw new Error('a session was neither stored nor found')
    return row
  }

  function derive({ person, session }: SignedIn, row: typeof oidcSessions.$inferSelect): AdapterPayload {
    // The provider changes the one that it gets.
    stateBefore.set(person, structuredClone(row.state))
    const { auth_time: loginTs, acr, amr } = authenticationClaims(session)
    return {
      jti: session.sessionId,
      // The session of the gate ends it. Proving the password again extends that one.
      exp: expiryFor(expiry(), clock.now()),
      accountId: person.id,
      loginTs,
      acr,
      amr,
      transient: true,
      ...pick(row),
    }
  }
}

function pick({ uid, state }: { uid: string; state: Record<string, unknown> | null }) {
  return { uid, ...(state && { state }) }
}
