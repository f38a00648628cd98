import { eq, inArray } from 'drizzle-orm'
import { namesOf } from '../src/access/choose-role-groups.ts'
import type { Transaction } from '../src/platform/db/client.ts'
import { approvals } from '../src/platform/db/schema/approvals.ts'
import { clients } from '../src/platform/db/schema/clients.ts'
import { roleGroups } from '../src/platform/db/schema/role-groups.ts'
import type { MailedApproval } from '../src/platform/mail/render-mail.ts'

export async function readMailedApproval(
  tx: Transaction,
  approvalId: string | undefined,
): Promise<MailedApproval | null> {
  if (approvalId === undefined) return null
  const [approval] = await tx
    .select({
      personName: approvals.name,
      accountName: clients.name,
      given: approvals.given,
      status: approvals.status,
      expiresAt: approvals.expiresAt,
    })
    .from(approvals)
    .innerJoin(clients, eq(clients.id, approvals.clientId))
    .where(eq(approvals.id, approvalId))
  if (!approval) return null
  const given = await tx
    .select({ name: roleGroups.name })
    .from(roleGroups)
    .where(inArray(roleGroups.key, approval.given))
  return { ...approval, given: namesOf(given) }
}
