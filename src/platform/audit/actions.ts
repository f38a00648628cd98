// Actions and outcomes of the audit log. Pure.
export const AUDIT_ACTIONS = [
  'sign-in.password',
  'sign-in.code',
  'sign-in.completed',
  'sign-out',
  'session.ended',
  'known-browser.ended',
  'presence',
  'access',
  'lockout.started',
  'lockout.ended',
  'address.refused',
  'authenticator.enrolment-begun',
  'authenticator.enrolled',
  'authenticator.disabled',
  'authenticator.replaced',
  'mfa-reset.asked-for',
  'mfa-reset.requested',
  'mfa-reset.completed',
  'lockout.lifted',
  'invitation.sent',
  'invitation.resent',
  'invitation.withdrawn',
  'invitation.accepted',
  'user.role-groups-changed',
  'approval.requested',
  'approval.approved',
  'approval.refused',
  'approval.withdrawn',
  'approval.expired',
  'approval.closed',
  'user.disabled',
  'user.enabled',
  'user.activated',
  'mfa-policy.changed',
  'client.created',
  'client.renamed',
  'client.support-changed',
  'client.suspended',
  'client.resumed',
  'password.reset-requested',
  'password.changed',
  'encryption-keys.rotated',
  'audit.exported',
  'audit.taken-over',
  'audit.head-sent',
  'application.registered',
  'application.changed',
  'application.disabled',
  'application.enabled',
  'application.secret-made',
  'application.secret-ended',
  'application.entered',
  'application.error',
  'application.signed-out',
  'signing-keys.rotated',
  'queue.job-retried',
  'queue.job-promoted',
  'queue.job-removed',
  'queue.failed-work-retried',
] as const

export type AuditAction = (typeof AUDIT_ACTIONS)[number]

const OF_PLATFORM: ReadonlySet<AuditAction> = new Set([
  'encryption-keys.rotated',
  'audit.taken-over',
  'audit.head-sent',
  'signing-keys.rotated',
])

export function ofPlatform(action: AuditAction): boolean {
  return action.startsWith('queue.') || OF_PLATFORM.has(action)
}

export const OUTCOMES = ['success', 'failure', 'refused'] as const
export type EventOutcome = (typeof OUTCOMES)[number]
