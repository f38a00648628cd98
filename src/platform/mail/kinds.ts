// Every mail there is, and the facts its text needs beside the audit event it tells of. Never a secret. Pure.

/** What is locked, and whether in one known browser alone. */
type Lock = { kind: 'password' | 'code'; where: 'everywhere' | 'known-browser' }

export interface NotificationFacts {
  /** The link that activates a new account. */
  invitation: { invitationId: string }
  /** The same link, a day before it ends. */
  'invitation-reminder': { invitationId: string }
  /** The link for a forgotten password. */
  'password-reset': { passwordResetId: string }
  'password-changed': Record<string, never>
  'authenticator-enrolled': Record<string, never>
  /** Somebody changed to another device while the old one worked. */
  'authenticator-replaced': Record<string, never>
  /** `lockedUntil`: ISO 8601. */
  lockout: Lock & { lockedUntil: string }
  'lockout-ended': Lock
  /** 100 wrong codes in a row: only a reset helps. */
  'authenticator-disabled': Record<string, never>
  /** A right password was followed by a wrong code: somebody knows the password. */
  'code-failed': Record<string, never>
  /** To the user whose authenticator was reset. */
  'mfa-reset': Record<string, never>
  /** The same to the Admins of the account. */
  'mfa-reset-for-admins': Record<string, never>
  /** To the Admins, beyond ten in ten minutes: how many more, and between which times (ISO 8601) they were requested. */
  'mfa-reset-digest': { resets: string; from: string; until: string }
  /** A lock was lifted by an Admin or the Service Desk. */
  'lockout-lifted': Lock
  /** To the Admins of an account whose MFA policy changed: names of role groups, as a list in words; may be empty. */
  'mfa-policy-changed': { added: string; removed: string }
  /** Names of the role groups held from now on, in one line. */
  'role-groups-changed': { roleGroups: string }
  /** To the Admins of a client account, of which nobody signs in any more. */
  /**
   * To the administrators of an account: what was changed about one of them. Names of the role groups that administer,
   * as a list in words; may be empty.
   */
  'administrators-changed': {
    change: 'role-groups' | 'invited' | 'invited-again' | 'invitation-withdrawn' | 'disabled' | 'enabled'
    given: string
    taken: string
  }
  /** To those who may decide a case. */
  'approval-requested': { approvalId: string }
  /** To the agent who asked: their case was decided, or has expired. */
  'approval-decided': { approvalId: string }
  'client-suspended': Record<string, never>
  'client-resumed': Record<string, never>
  'account-disabled': Record<string, never>
  'account-enabled': Record<string, never>
  /** To the operators, daily: up to where the audit log is sealed, as SEQ:HASH. */
  'audit-head': { head: string }
}

export type NotificationKind = keyof NotificationFacts
