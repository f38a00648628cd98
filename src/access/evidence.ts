// The ticket and the reason that the Service Desk, and sometimes an Admin, gives for an administrative act. Pure.
import { z } from 'zod'
import { typedLine, wrongFields } from '../platform/http/typed-text.ts'
import type { Actor } from './rules.ts'

export const EVIDENCE_FIELDS = ['ticket', 'reason'] as const
export type EvidenceField = (typeof EVIDENCE_FIELDS)[number]

export type Evidence = { channel: 'admin' | 'service-desk' } & Partial<Record<EvidenceField, string>>

export const EVIDENCE_PROBLEMS: Readonly<Record<EvidenceField, string>> = {
  ticket: 'Give the reference of the ticket, at most 64 characters.',
  reason: 'Say why, in at most 500 characters.',
}

export const adminEvidence = z.object({ reason: typedLine(500) })
export const deskEvidence = adminEvidence.extend({ ticket: typedLine(64) })
export type DeskEvidence = z.infer<typeof deskEvidence>

export type ReadEvidence<Given, Field> =
  | { evidence: Given; missing: [] }
  | { evidence: null; missing: Field[] }

/** On whose behalf the actor acts. */
export function channelOf(actor: Actor): Evidence['channel'] {
  return actor.isServiceDesk ? 'service-desk' : 'admin'
}

/** A reader of forms in which an Admin must give `admin`, and the Service Desk `desk`. */
export function evidenceReader<Given, Said, Field extends string>(
  admin: z.ZodType<Given>,
  desk: z.ZodType<Said>,
  fields: readonly Field[],
) {
  return (actor: Actor, form: unknown): ReadEvidence<Pick<Evidence, 'channel'> & (Given | Said), Field> => {
    const channel = channelOf(actor)
    const read = (channel === 'admin' ? admin : desk).safeParse(form)
    return read.success
      ? { evidence: { channel, ...read.data }, missing: [] }
      : { evidence: null, missing: wrongFields(read.error, fields) }
  }
}

/** Reads a form in which only the Service Desk must give ticket and reason. */
export const readDeskEvidence = evidenceReader(z.object({}), deskEvidence, EVIDENCE_FIELDS)

/** Reads a form in which an Admin must give a reason too. */
export const readEvidence = evidenceReader(adminEvidence, deskEvidence, EVIDENCE_FIELDS)

export function evidenceProblems(missing: readonly EvidenceField[]): Partial<Record<EvidenceField, string>> {
  return Object.fromEntries(missing.map((field) => [field, EVIDENCE_PROBLEMS[field]]))
}
