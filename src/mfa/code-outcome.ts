import type { AttemptFailed } from '../lockout/attempt-failed.ts'

/** What became of a code. Wrong, expired and reused are one answer. */
export type CodeOutcome =
  | { ok: true; authenticatorId: string }
  | AttemptFailed<'code'>
  /** The secret on the page is not pending any more: expired, started over, or another session began. */
  | { ok: false; problem: 'superseded' }
