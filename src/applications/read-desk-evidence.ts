// Ticket and reason of an act on an application. Pure.
import { type DeskEvidence, deskEvidence, EVIDENCE_FIELDS, evidenceProblems } from '../access/evidence.ts'
import { wrongFields } from '../platform/http/typed-text.ts'
import type { ApplicationProblems } from './application-form.ts'

export function readDeskEvidence(
  form: Record<string, unknown>,
): { evidence: DeskEvidence } | { problems: ApplicationProblems } {
  const read = deskEvidence.safeParse(form)
  return read.success
    ? { evidence: read.data }
    : { problems: evidenceProblems(wrongFields(read.error, EVIDENCE_FIELDS)) }
}
