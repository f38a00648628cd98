// What a command returns. Pure.
import type { EvidenceField } from './evidence.ts'
import type { Refusal } from './refusals.ts'

/** Refused by a rule or a limit. `retryAfterMs`: when the limit ends, if that is known. */
export interface Refused {
  ok: false
  refusal: Refusal
  retryAfterMs?: number
}

/** The command is allowed, but the form lacks these fields. */
export interface Missing<Field = EvidenceField> {
  missing: Field[]
}

/** `Done`: facts about a success. `Wrong`: what is wrong with the form of an allowed command. */
export type Outcome<Done = object, Wrong = Missing> =
  | ({ ok: true } & Done)
  | Refused
  | ({ ok: false; refusal: null } & Wrong)
