import { and, eq, gte, isNull, sql } from 'drizzle-orm'
import { readOperators } from '../access/operators.queries.ts'
import { BY_THE_PRODUCT, record } from '../platform/audit/record.ts'
import { type Head, headText, readHead } from '../platform/audit/seals.queries.ts'
import type { Database, Transaction } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { notifyAll } from '../platform/mail/notify.ts'

/** Mails the head to every operator once a day (UTC): who can rewrite the chain cannot change these mails. */
export function tellHead(db: Database, now: Date): Promise<Head | null> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('audit head'))`)
    const head = await readHead(tx)
    if (!head || (await wasSentToday(tx, now))) return null

    const eventId = await record(tx, {
      ...BY_THE_PRODUCT,
      at: now,
      action: 'audit.head-sent',
      outcome: 'success',
      details: { head: headText(head) },
    })
    const facts = { head: headText(head) }
    const operators = await readOperators(tx)
    await notifyAll(
      tx,
      operators.map((to) => ({ to, kind: 'audit-head' as const, eventId, facts })),
    )
    return head
  })
}

async function wasSentToday(tx: Transaction, now: Date): Promise<boolean> {
  const today = new Date(`${now.toISOString().slice(0, 10)}T00:00:00Z`)
  const [sent] = await tx
    .select({ id: auditEvents.id })
    .from(auditEvents)
    .where(
      and(
        isNull(auditEvents.clientId),
        eq(auditEvents.action, 'audit.head-sent'),
        gte(auditEvents.at, today),
      ),
    )
    .limit(1)
  return sent !== undefined
}
