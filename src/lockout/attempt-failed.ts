// What becomes of an attempt. Pure.

/** What a wrong password or code, or one that was not even checked, comes to. */
export type AttemptFailed<Kind extends 'password' | 'browser' | 'code'> = { ok: false } & (
  | {
      problem: 'wrong'
      kind: Kind
      /** Set if this very attempt locked. */
      lockedUntil: Date | null
      /** A code that was sent twice: it was right the first time. */
      costsNothing?: true
    }
  | {
      /** Not checked: attempts are locked, the network address failed too often, or the authenticator is disabled. */
      problem: 'locked'
      kind: Kind | 'address' | 'disabled'
      /** Null: no time ends it, only a reset. */
      lockedUntil: Date | null
    }
)
