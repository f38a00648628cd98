// What somebody has to say about an administrative act: the Service Desk always its ticket and the reason. Pure.
import { z } from 'zod'
import type { Actor } from './rules.ts'

export type EvidenceField = 'reason' | 'ticket'

/** As the audit log keeps it. */
export type Evidence = { channel: 'admin' | 'service-desk' } & Partial<Record<EvidenceField, string>>

export const EVIDENCE_PROBLEMS: Readonly<Record<EvidenceField, string>> = {
  reason: 'Say why, in at most 500 characters.',
  ticket: 'Give the reference of the ticket, at most 64 characters.',
}

const said = {
  reason: z.string().trim().min(1).max(500),
  ticket: z.string().trim().min(1).max(64),
}
const NOTHING = z.object({})
const REASON = z.object({ reason: said.reason })
const REASON_AND_TICKET = z.object(said)

/** Reads what a form says. `adminsSayWhy`: an Admin, too, has to give a reason. */
export function readEvidence(
  actor: Actor,
  form: unknown,
  { adminsSayWhy }: { adminsSayWhy: boolean },
): { evidence: Evidence; missing: [] } | { evidence: null; missing: EvidenceField[] } {
  const channel = actor.isServiceDesk ? 'service-desk' : 'admin'
  const required = actor.isServiceDesk ? REASON_AND_TICKET : adminsSayWhy ? REASON : NOTHING
  const read = required.safeParse(form)
  if (read.success) return { evidence: { channel, ...read.data }, missing: [] }
  const fields = new Set(
    read.error.issues.map(({ path: [field] }) => (field === 'ticket' ? 'ticket' : 'reason')),
  )
  return { evidence: null, missing: [...fields] }
}

/** The message beside each field that something is missing in. */
export function evidenceProblems(missing: readonly EvidenceField[]): Partial<Record<EvidenceField, string>> {
  return Object.fromEntries(missing.map((field) => [field, EVIDENCE_PROBLEMS[field]]))
}
