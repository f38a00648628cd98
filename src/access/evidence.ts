// What somebody has to say about an administrative act: the Service Desk always its ticket and the reason. Pure.
import { z } from 'zod'
import { typedLine, wrongFields } from '../platform/http/typed-text.ts'
import type { Actor } from './rules.ts'

export const EVIDENCE_FIELDS = ['ticket', 'reason'] as const
export type EvidenceField = (typeof EVIDENCE_FIELDS)[number]

/** As the audit log keeps it. */
export type Evidence = { channel: 'admin' | 'service-desk' } & Partial<Record<EvidenceField, string>>

export const EVIDENCE_PROBLEMS: Readonly<Record<EvidenceField, string>> = {
  ticket: 'Give the reference of the ticket, at most 64 characters.',
  reason: 'Say why, in at most 500 characters.',
}

/** Why it is done. */
export const adminEvidence = z.object({ reason: typedLine(500) })
/** The reference of the request, and why it is done. */
export const deskEvidence = adminEvidence.extend({ ticket: typedLine(64) })
export type DeskEvidence = z.infer<typeof deskEvidence>

/** On whose behalf an act is done. */
export function channelOf(actor: Actor): Evidence['channel'] {
  return actor.isServiceDesk ? 'service-desk' : 'admin'
}

/** Reads what a form says. `adminsSayWhy`: an Admin, too, has to give a reason. */
export function readEvidence(
  actor: Actor,
  form: unknown,
  { adminsSayWhy }: { adminsSayWhy: boolean },
): { evidence: Evidence; missing: [] } | { evidence: null; missing: EvidenceField[] } {
  const required = actor.isServiceDesk ? deskEvidence : adminsSayWhy ? adminEvidence : z.object({})
  const read = required.safeParse(form)
  if (read.success) return { evidence: { channel: channelOf(actor), ...read.data }, missing: [] }
  return { evidence: null, missing: wrongFields(read.error, EVIDENCE_FIELDS) }
}

/** The message beside each field that something is missing in. */
export function evidenceProblems(missing: readonly EvidenceField[]): Partial<Record<EvidenceField, string>> {
  return Object.fromEntries(missing.map((field) => [field, EVIDENCE_PROBLEMS[field]]))
}
