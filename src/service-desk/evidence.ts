// What the Service Desk has to say about whatever it changes in an account. Pure.
import { z } from 'zod'
import { typedLine } from '../http/typed-text.ts'

export const EVIDENCE_FIELDS = ['ticket', 'reason'] as const
export type EvidenceField = (typeof EVIDENCE_FIELDS)[number]

/** The reference of the request, and why it is done. Both are kept in the audit log. */
export const deskEvidence = z.object({ ticket: typedLine(64), reason: typedLine(500) })
export type DeskEvidence = z.infer<typeof deskEvidence>

export const EVIDENCE_MESSAGES: Readonly<Record<EvidenceField, string>> = {
  ticket: 'Give the reference of the ticket, at most 64 characters.',
  reason: 'Say why, in at most 500 characters.',
}
