// The outcome of a failed attempt. Pure.

export type AttemptFailed<Kind extends 'password' | 'browser' | 'code'> = { ok: false } & (
  | {
      problem: 'wrong'
      kind: Kind
      lockedUntil: Date | null
      /** The same right code was sent twice. */
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
