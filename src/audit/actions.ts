// Every action the audit log speaks of.
export const AUDIT_ACTIONS = [
  'sign-in.password',
  'sign-in.code',
  'sign-in.completed',
  'sign-out',
  'presence',
  'lockout.started',
  'lockout.ended',
  'authenticator.enrolment-begun',
  'authenticator.enrolled',
  'authenticator.disabled',
  'mfa-reset.requested',
  'mfa-reset.completed',
  'lockout.lifted',
  'invitation.sent',
  'invitation.accepted',
  'user.activated',
  'password.reset-requested',
  'password.changed',
  'encryption-keys.rotated',
  'audit.exported',
  'queue.job-retried',
  'queue.job-promoted',
  'queue.job-removed',
  'queue.failed-work-retried',
] as const

export type AuditAction = (typeof AUDIT_ACTIONS)[number]
