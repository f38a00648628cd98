// What became of an administrative act. Pure.
import type { EvidenceField } from './evidence.ts'
import type { Refusal } from './refusals.ts'

/** What became of an administrative act. `Done`: what is told of one that was done; `Field`: what a form may lack. */
export type ActOutcome<Done = unknown, Field = EvidenceField> =
  | ({ ok: true } & Done)
  /** `retryAfterMs`: how long it holds, if that is known. */
  | { ok: false; refusal: Refusal; retryAfterMs?: number }
  /** Allowed, but something that must be said is missing. */
  | { ok: false; refusal: null; missing: Field[] }
