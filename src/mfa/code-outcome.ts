/** What became of a code. Wrong, expired and reused are one answer. */
export type CodeOutcome =
  | { ok: true; authenticatorId: string }
  | { ok: false; problem: 'wrong'; lockedUntil: Date | null }
  | { ok: false; problem: 'locked'; lockedUntil: Date }
  /** After 100 wrong codes in a row: only a reset helps. */
  | { ok: false; problem: 'disabled' }
  /** The secret on the page is not pending any more: expired, started over, or another session began. */
  | { ok: false; problem: 'superseded' }
