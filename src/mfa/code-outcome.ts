import type { AttemptFailed } from '../lockout/attempt-failed.ts'

/** What became of a code. Wrong, expired and reused are one answer. */
export type CodeOutcome =
  | { ok: true; authenticatorId: string }
  | AttemptFailed<'code'>
  /** What the code was for is gone: the key expired or was started over, or the authenticator was reset. */
  | { ok: false; problem: 'superseded' }
