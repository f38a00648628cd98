// The kinds of mail and the facts of their texts, besides the audit event. Never a secret. Pure.

type Lock = { kind: 'password' | 'code'; where: 'everywhere' | 'known-browser' }

export interface NotificationFacts {
  invitation: { invitationId: string }
  'invitation-reminder': { invitationId: string }
  'mfa-reminder': Record<string, never>
  /** Before a requirement begins. ISO 8601. */
  'mfa-required-from': { startsAt: string }
  'password-reset': { passwordResetId: string }
  'password-changed': Record<string, never>
  'authenticator-enrolled': Record<string, never>
  'authenticator-replaced': Record<string, never>
  /** `lockedUntil`: ISO 8601. */
  lockout: Lock & { lockedUntil: string }
  'lockout-ended': Lock
  'authenticator-disabled': Record<string, never>
  /** A correct password was followed by wrong codes, or by one in a sign-in then abandoned: an attacker may know it. */
  'code-failed': { after: 'again' | 'abandoned' }
  /** To those who may unlock the person. `locks`: within a day. */
  'locked-repeatedly': { locks: string; userId: string }
  /** To the Admins of an account, and the Service Desk where it helps them. `people` failed within an hour. */
  'many-failures': { people: string; clientId: string }
  /** To those who may reset the person. */
  'reset-request': Record<string, never>
  /** To the person. */
  'reset-asked-for': Record<string, never>
  'mfa-reset': Record<string, never>
  'mfa-reset-for-admins': Record<string, never>
  /** To the Admins, beyond ten resets in ten minutes. `from` and `until`: ISO 8601. */
  'mfa-reset-digest': { resets: string; from: string; until: string }
  'lockout-lifted': Lock
  /** To the Admins. Names of role groups in one line, may be empty. `startsAt`: of those added and moved, ISO 8601. */
  'mfa-policy-changed': { added: string; removed: string; moved?: string; startsAt?: string }
  'name-changed': { formerName: string; newName: string }
  /** To the new address. */
  'email-change-link': { emailChangeId: string }
  /** To the old address. */
  'email-change-requested': { emailChangeId: string }
  /** To the old address. */
  'email-changed': { emailChangeId: string }
  'role-groups-changed': { roleGroups: string }
  /** To the Admins of an account. Names of administering role groups in one line, may be empty. */
  'administrators-changed': {
    change:
      | 'role-groups'
      | 'renamed'
      | 'address-changed'
      | 'invited'
      | 'invited-again'
      | 'invitation-withdrawn'
      | 'disabled'
      | 'enabled'
    given: string
    taken: string
  }
  /** To all who administer the platform. */
  'platform-changed': { what: 'support-contact' | 'logo'; clientId: string }
  'approval-requested': { approvalId: string }
  'approval-decided': { approvalId: string }
  'client-suspended': Record<string, never>
  'client-resumed': Record<string, never>
  'sessions-ended': Record<string, never>
  'account-disabled': Record<string, never>
  'account-enabled': Record<string, never>
  'audit-head': { head: string }
  'signing-keys-replaced': Record<string, never>
}

export type NotificationKind = keyof NotificationFacts
