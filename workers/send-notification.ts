import { and, eq, ne, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Config } from '../src/config.ts'
import { readBranding } from '../src/gate/branding.queries.ts'
import { supportLine } from '../src/gate/branding.ts'
import { helperOf, SERVICE_DESK } from '../src/gate/helper-of.ts'
import { readPerson } from '../src/gate/read-person.queries.ts'
import { readTimeZone } from '../src/gate/time-zone.queries.ts'
import { isStillAsked } from '../src/mfa-policy/still-asked.ts'
import type { Transaction } from '../src/platform/db/client.ts'
import { auditEvents } from '../src/platform/db/schema/audit-events.ts'
import { clients } from '../src/platform/db/schema/clients.ts'
import { emailChanges } from '../src/platform/db/schema/links.ts'
import { notifications } from '../src/platform/db/schema/notifications.ts'
import { users } from '../src/platform/db/schema/users.ts'
import type { NotificationFacts, NotificationKind } from '../src/platform/mail/kinds.ts'
import { MailRefusedError, SEND_LIMIT_MS } from '../src/platform/mail/mailer.ts'
import { renderMail } from '../src/platform/mail/render-mail.ts'
import { upToMinute } from '../src/platform/time/instant-text.ts'
import { HopelessJobError, type Job } from './job.ts'
import { linkOf } from './link-of.ts'
import { readMailedApproval } from './mailed-approval.ts'

const actors = alias(users, 'actors')
const actorAccounts = alias(clients, 'actor_accounts')
const concerned = alias(clients, 'concerned')
const subjects = alias(users, 'subjects')

/** Which address a mail about a change of the address goes to; by default the old one. */
const ADDRESSED: Readonly<Record<string, 'newEmail'>> = { 'email-change-link': 'newEmail' }

export const sendNotification: Job<'send-notification'> = async ({ notificationId }, tx, deps) => {
  const { config, clock, mailer } = deps
  const [pending] = await readPending(tx, notificationId)
  if (!pending || pending.notification.sentAt) return null
  const { notification, recipient, event } = pending

  const approval = await readMailedApproval(tx, notification.facts.approvalId)
  if (notification.kind === 'approval-requested' && approval?.status !== 'open') return null
  const person = await readPerson(tx, recipient.id)
  if (!isStillAsked(notification, person, clock.now())) return null
  const change = await readEmailChange(tx, notification.facts.emailChangeId)
  const link = await linkOf(tx, notification, deps)
  if (link === 'closed') return null

  const address = change ? change[ADDRESSED[notification.kind] ?? 'oldEmail'] : recipient.email
  const { support } = await readBranding(tx, recipient.clientId)
  const timeZone = await readTimeZone(tx, recipient.clientId)
  // The transaction is idle while the mail server takes its time.
  await tx.execute(sql.raw(`set local idle_in_transaction_session_timeout = ${2 * SEND_LIMIT_MS}`))
  await mailer
    .send({
      messageId: messageId(notification.id, config),
      to: { name: recipient.name, address },
      ...renderMail(notification.kind as NotificationKind, {
        recipient: { ...recipient, email: address },
        newEmail: change?.newEmail,
        // No Admin may know of an action of the Service Desk, and it may concern the only Admin.
        helper: event?.actorOfPlatform ? SERVICE_DESK : helperOf(person),
        support: support ? supportLine(support) : undefined,
        publicUrl: config.PUBLIC_URL,
        timeZone,
        link: link?.url,
        at: event?.at ?? notification.createdAt,
        address: event?.address,
        userAgent: event?.userAgent,
        by: event && actorText(event, recipient),
        byYou: event?.actorId === recipient.id,
        subjectName: event?.subjectName ?? undefined,
        accountName: event?.accountName ?? undefined,
        ...lockFacts(notification.facts),
        ...plainFacts(notification.facts),
        ...choiceFacts(notification),
        ...startFacts(notification.facts),
        administrators: administratorFacts(notification),
        approval: approval ?? undefined,
        ...digestFacts(notification.facts),
        expiresAt: link?.expiresAt,
      }),
    })
    .catch((error) => {
      throw error instanceof MailRefusedError ? new HopelessJobError(error.message) : error
    })
  await tx.update(notifications).set({ sentAt: clock.now() }).where(eq(notifications.id, notificationId))
  return null
}

function readPending(tx: Transaction, notificationId: string) {
  return (
    tx
      .select({
        notification: notifications,
        recipient: {
          id: users.id,
          name: users.name,
          email: users.email,
          clientId: users.clientId,
          clientName: clients.name,
          ofPlatform: clients.isPlatform,
        },
        event: {
          at: auditEvents.at,
          address: auditEvents.address,
          userAgent: auditEvents.userAgent,
          actorId: auditEvents.actorId,
          actorName: actors.name,
          actorAccount: actorAccounts.name,
          actorOfPlatform: actorAccounts.isPlatform,
          subjectName: subjects.name,
          accountName: concerned.name,
        },
      })
      .from(notifications)
      .innerJoin(users, eq(users.id, notifications.recipientId))
      .innerJoin(clients, eq(clients.id, users.clientId))
      .leftJoin(auditEvents, eq(auditEvents.id, notifications.eventId))
      .leftJoin(actors, eq(actors.id, auditEvents.actorId))
      .leftJoin(actorAccounts, eq(actorAccounts.id, actors.clientId))
      .leftJoin(concerned, eq(concerned.id, auditEvents.clientId))
      .leftJoin(subjects, eq(subjects.id, auditEvents.subjectId))
      // A withdrawn user no longer has an address.
      .where(and(eq(notifications.id, notificationId), ne(users.status, 'withdrawn')))
  )
}

async function readEmailChange(tx: Transaction, emailChangeId: string | undefined) {
  if (emailChangeId === undefined) return null
  const [change] = await tx.select().from(emailChanges).where(eq(emailChanges.id, emailChangeId))
  return change ?? null
}

function actorText(
  event: { actorName: string | null; actorAccount: string | null; actorOfPlatform: boolean | null },
  reader: { ofPlatform: boolean },
) {
  if (event.actorName === null || event.actorAccount === null) return undefined
  return event.actorOfPlatform && !reader.ofPlatform
    ? SERVICE_DESK
    : `${event.actorName} of ${event.actorAccount}`
}

/** Stable: mail programs recognise a mail that is sent twice because the worker was killed. */
function messageId(notificationId: string, { PUBLIC_URL }: Config): string {
  return `<${notificationId}@${new URL(PUBLIC_URL).hostname}>`
}

function lockFacts({ kind, where, lockedUntil }: Record<string, string>) {
  return {
    inKnownBrowser: where === 'known-browser',
    lockKind: kind === 'password' || kind === 'code' ? kind : undefined,
    lockedUntil: lockedUntil === undefined ? undefined : upToMinute(new Date(lockedUntil)),
  } as const
}

function administratorFacts({ kind, facts }: { kind: string; facts: Record<string, string> }) {
  return kind === 'administrators-changed'
    ? (facts as NotificationFacts['administrators-changed'])
    : undefined
}

function plainFacts(facts: Record<string, string>) {
  const { roleGroups, formerName, newName, added, removed, moved, head, locks, people } = facts
  return { roleGroups, formerName, newName, added, removed, moved, head, locks, people }
}

function choiceFacts({ kind, facts }: { kind: string; facts: Record<string, string> }) {
  if (kind === 'code-failed') return { wrongCodes: (facts as NotificationFacts['code-failed']).after }
  return kind === 'platform-changed' ? { what: (facts as NotificationFacts['platform-changed']).what } : {}
}

function startFacts({ startsAt }: Record<string, string>) {
  return { startsAt: startsAt === undefined ? undefined : new Date(startsAt) }
}

function digestFacts({ resets, from, until }: Record<string, string>) {
  if (resets === undefined || from === undefined || until === undefined) return {}
  return { resets: Number(resets), from: new Date(from), until: new Date(until) }
}
