import { and, desc, eq, gt, isNull, sql } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import type { Deps } from '../deps.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import { LINK_LIFE_MS, newLinkToken } from '../platform/crypto/link-token.ts'
import type { Transaction } from '../platform/db/client.ts'
import { passwordResets } from '../platform/db/schema/links.ts'
import { notify } from '../platform/mail/notify.ts'
import { readCredentials } from './credentials.queries.ts'

const LEFT_AT_LEAST_MS = LINK_LIFE_MS['password-reset'] / 2

const MAILS_A_LINK = 3

interface ResetFor {
  subject: string
  /** Null if no user of the address may choose a new password. */
  userId: string | null
  now: Date
}

/** An open link is mailed again, up to three times: a stranger's requests do not revoke the link in the mailbox. */
export async function requestPasswordReset(deps: Deps, email: string, origin: Origin): Promise<void> {
  const { subject, person, passwordHash } = await readCredentials(deps, email, [])
  const entitled =
    person !== null && passwordHash !== null && person.status !== 'disabled' && !person.clientSuspended
  const userId = entitled ? person.id : null
  await deps.db.transaction(async (tx) => {
    await lockRequests(tx, subject)
    const now = deps.clock.now()
    const eventId = await record(tx, {
      at: now,
      action: 'password.reset-requested',
      outcome: entitled ? 'success' : 'refused',
      origin,
      clientId: person?.clientId ?? null,
      actorId: null,
      subjectId: person?.id ?? null,
    })
    const asked = { subject, userId, now }
    const link = (await findOpenLink(tx, asked)) ?? (await addLink(tx, deps, asked))
    if (link.mails >= MAILS_A_LINK) return
    await tx
      .update(passwordResets)
      .set({ mails: link.mails + 1 })
      .where(eq(passwordResets.id, link.id))
    await notify(tx, { to: userId, kind: 'password-reset', eventId, facts: { passwordResetId: link.id } })
  })
}

/** Two requests for one address at once would each make a link. */
async function lockRequests(tx: Transaction, subject: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`password reset ${subject}`}, 0))`)
}

async function findOpenLink(tx: Transaction, { subject, userId, now }: ResetFor) {
  const [open] = await tx
    .select({ id: passwordResets.id, mails: passwordResets.mails })
    .from(passwordResets)
    .where(
      and(
        eq(passwordResets.subject, subject),
        // A link made while the user was disabled opens nothing.
        sql`${passwordResets.userId} is not distinct from ${userId}`,
        isNull(passwordResets.usedAt),
        gt(passwordResets.expiresAt, new Date(now.getTime() + LEFT_AT_LEAST_MS)),
      ),
    )
    .orderBy(desc(passwordResets.id))
    .limit(1)
  return open
}

async function addLink(tx: Transaction, { config }: Deps, { subject, userId, now }: ResetFor) {
  const id = uuidv7()
  const { hash } = newLinkToken('password-reset', id, config.ENCRYPTION_KEYS)
  const expiresAt = new Date(now.getTime() + LINK_LIFE_MS['password-reset'])
  await tx.insert(passwordResets).values({ id, subject, userId, tokenHash: hash, createdAt: now, expiresAt })
  return { id, mails: 0 }
}
