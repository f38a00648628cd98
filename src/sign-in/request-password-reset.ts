import { v7 as uuidv7 } from 'uuid'
import { LINK_LIFE_MS, newLinkToken } from '../at-rest/link-token.ts'
import { type Origin, record } from '../audit/record.ts'
import { passwordResets } from '../db/schema/links.ts'
import type { Deps } from '../deps.ts'
import { notify } from '../notifications/notify.ts'
import { readCredentials } from './credentials.queries.ts'

/**
 * Owes a mail with a link to whoever has this canonical e-mail address and a password to forget. Does the same
 * work where nobody has, so that neither answer nor time tells.
 */
export async function requestPasswordReset(deps: Deps, email: string, origin: Origin): Promise<void> {
  const { person, passwordHash } = await readCredentials(deps, email)
  const entitled =
    person !== null && passwordHash !== null && person.status !== 'disabled' && !person.clientSuspended
  const userId = entitled ? person.id : null
  const now = deps.clock.now()
  const id = uuidv7()
  const { hash } = newLinkToken('password-reset', id, deps.config.ENCRYPTION_KEYS)
  await deps.db.transaction(async (tx) => {
    const eventId = await record(tx, {
      at: now,
      action: 'password.reset-requested',
      outcome: entitled ? 'success' : 'refused',
      origin,
      clientId: person?.clientId ?? null,
      actorId: null,
      subjectId: person?.id ?? null,
    })
    const expiresAt = new Date(now.getTime() + LINK_LIFE_MS['password-reset'])
    await tx.insert(passwordResets).values({ id, userId, tokenHash: hash, createdAt: now, expiresAt })
    await notify(tx, { to: userId, kind: 'password-reset', eventId, facts: { passwordResetId: id } })
  })
}
