// What each kind of audit event says. Pure.
import type { AuditAction, EventOutcome } from '../platform/audit/actions.ts'

/** The parts of a sentence that depend on the event. */
export interface Names {
  actor: string
  subject: string
  invitee: string
  kind: string
  where: string
  endedWith: string
  sessions: string
  browsers: string
  mayNot: string
  application: string
  /** What was done to the policy, the role groups or the name, as a predicate. */
  requirement: string
  roleGroups: string
  renamed: string
  /** Lines of a file of people to invite; empty for a single invitation. */
  lines: string
  /** Why a person with the right password may not come in; '' if passwords were locked. */
  shutOut: string
}

type Sentence = (names: Names) => string
type Sentences = Partial<Record<EventOutcome, Sentence>>

export const SENTENCES: Record<AuditAction, Sentences> = {
  'sign-in.password': {
    success: ({ subject }) => `${subject} entered the right password.`,
    failure: ({ subject }) => `A wrong password was entered for ${subject}.`,
    refused: ({ subject, shutOut }) =>
      shutOut
        ? `${subject} entered the right password, but ${shutOut}.`
        : `A password for ${subject} was not checked: passwords are locked.`,
  },
  // A right code is recorded as 'sign-in.completed'.
  'sign-in.code': {
    failure: ({ subject }) => `A wrong code was entered for ${subject}.`,
    refused: ({ subject }) => `A code for ${subject} was not checked: codes are locked.`,
  },
  'sign-in.completed': { success: ({ subject }) => `${subject} signed in.` },
  'sign-out': { success: ({ subject }) => `${subject} signed out.` },
  'session.ended': {
    success: ({ subject, sessions }) => `${subject} ended ${sessions}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} end a session.`,
  },
  'known-browser.ended': {
    success: ({ subject, browsers }) => `${subject} ended ${browsers}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} end a known browser.`,
  },
  // Only refused reads are recorded.
  access: { refused: ({ actor, mayNot }) => `${actor} ${mayNot} open a page.` },
  presence: {
    success: ({ subject }) => `${subject} confirmed their identity.`,
    failure: ({ subject }) => `${subject} was asked to confirm their identity, and the answer was wrong.`,
    refused: ({ subject }) => `${subject} was asked to confirm their identity, but attempts were locked.`,
  },
  'lockout.started': {
    success: ({ subject, kind, where }) => `${subject}: too many wrong ${kind}s${where}, now locked.`,
  },
  'lockout.ended': {
    success: ({ subject, kind, where, endedWith }) =>
      `${subject}: the ${kind} lock${where} ended${endedWith}.`,
  },
  'address.refused': {
    refused: () => 'Too many tries from one network address failed: the next are not checked for a while.',
  },
  'lockout.lifted': {
    success: ({ actor, subject, kind, where }) => `${actor} lifted the ${kind} lock of ${subject}${where}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} unlock ${subject}.`,
  },
  'authenticator.enrolment-begun': {
    success: ({ subject }) => `${subject} began to set up an authenticator.`,
  },
  'authenticator.enrolled': { success: ({ subject }) => `${subject} set up an authenticator.` },
  'authenticator.replaced': {
    success: ({ subject }) => `${subject} replaced their authenticator with a new one.`,
  },
  'authenticator.disabled': {
    success: ({ subject }) => `The authenticator of ${subject} was disabled after too many wrong codes.`,
  },
  'mfa-reset.asked-for': {
    success: ({ subject }) =>
      `${subject}, or someone with their password, asked for a reset of the authenticator.`,
  },
  'mfa-reset.requested': {
    success: ({ actor, subject }) => `${actor} reset the MFA of ${subject}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} reset the MFA of ${subject}.`,
  },
  'mfa-reset.completed': { success: ({ subject }) => `The MFA reset of ${subject} was completed.` },
  'invitation.sent': {
    success: ({ actor, subject }) => `${actor} invited ${subject}.`,
    failure: ({ actor, lines }) =>
      lines
        ? `${actor} checked a file of people to invite. An account has the address already in ${lines}.`
        : `${actor} tried to invite a person whose address already has an account.`,
    refused: ({ actor, mayNot, lines }) =>
      lines
        ? `${actor} checked a file of people to invite. The role groups are not allowed in ${lines}.`
        : `${actor} ${mayNot} invite a user.`,
  },
  'invitation.resent': {
    success: ({ actor, subject }) => `${actor} sent ${subject} the invitation again.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} send ${subject} the invitation again.`,
  },
  'invitation.withdrawn': {
    success: ({ actor, subject }) => `${actor} withdrew the invitation of ${subject}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} withdraw the invitation of ${subject}.`,
  },
  'invitation.accepted': { success: ({ subject }) => `${subject} accepted the invitation.` },
  'user.role-groups-changed': {
    success: ({ actor, roleGroups }) => `${actor} ${roleGroups}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} change the role groups of ${subject}.`,
  },
  'approval.requested': {
    success: ({ actor, invitee }) =>
      `${actor} asked for a second agent’s approval to make ${invitee} an administrator.`,
  },
  'approval.approved': {
    success: ({ actor, invitee }) => `${actor} approved that ${invitee} becomes an administrator.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} approve that a user becomes an administrator.`,
  },
  'approval.refused': {
    success: ({ actor, invitee }) => `${actor} refused that ${invitee} becomes an administrator.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} refuse that a user becomes an administrator.`,
  },
  'approval.withdrawn': {
    success: ({ actor, invitee }) => `${actor} withdrew the request to make ${invitee} an administrator.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} withdraw another agent’s request.`,
  },
  'approval.expired': {
    success: ({ invitee }) => `The request to make ${invitee} an administrator expired without a decision.`,
  },
  'approval.closed': {
    failure: ({ actor, invitee }) =>
      `${actor} approved that ${invitee} becomes an administrator, but it could not be done any more.`,
  },
  'user.disabled': {
    success: ({ actor, subject }) => `${actor} disabled the account of ${subject}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} disable the account of ${subject}.`,
  },
  'user.enabled': {
    success: ({ actor, subject }) => `${actor} enabled the account of ${subject}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} enable the account of ${subject}.`,
  },
  'user.activated': { success: ({ subject }) => `The account of ${subject} became active.` },
  'users.exported': { success: ({ actor }) => `${actor} exported the list of users.` },
  'mfa.reminded': {
    success: ({ actor }) => `${actor} had everyone reminded who must still set up MFA.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} remind users of MFA.`,
  },
  'mfa-policy.changed': {
    success: ({ actor, requirement }) => `${actor} ${requirement}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} change an MFA policy.`,
  },
  'client.created': {
    success: ({ actor }) => `${actor} created this account.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} create a client account.`,
  },
  'client.support-changed': {
    success: ({ actor }) => `${actor} changed the support contact of the account.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} change the support contact of an account.`,
  },
  'client.renamed': {
    success: ({ actor, renamed }) => `${actor} renamed this account${renamed}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} rename a client account.`,
  },
  'client.suspended': {
    success: ({ actor }) => `${actor} suspended this account.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} suspend a client account.`,
  },
  'client.resumed': {
    success: ({ actor }) => `${actor} resumed this account.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} resume a client account.`,
  },
  // Anyone who knows the address can ask.
  'password.reset-requested': {
    success: ({ subject }) => `A visitor who was not signed in asked for a new password for ${subject}.`,
    refused: ({ subject }) =>
      `A visitor who was not signed in asked for a new password for ${subject}. No mail was sent: the account is not active.`,
  },
  'password.changed': {
    success: ({ subject }) => `The password of ${subject} was changed.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} change their password.`,
  },
  'encryption-keys.rotated': {
    success: () => 'Stored secrets were sealed with the newest encryption key.',
    failure: () => 'Secrets were sealed with the newest encryption key; some could not be opened.',
  },
  'audit.exported': { success: ({ actor }) => `${actor} exported the audit log.` },
  'audit.taken-over': {
    success: () => 'From here on the audit log is sealed with a key, which covers what was sealed before.',
  },
  'audit.head-sent': { success: () => 'The head of the audit log was sent to the operators.' },
  'application.registered': {
    success: ({ actor, application }) => `${actor} registered the application ${application}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} register an application.`,
  },
  'application.changed': {
    success: ({ actor, application }) => `${actor} changed the application ${application}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} change an application.`,
  },
  'application.disabled': {
    success: ({ actor, application }) => `${actor} disabled the application ${application}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} disable an application.`,
  },
  'application.enabled': {
    success: ({ actor, application }) => `${actor} enabled the application ${application}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} enable an application.`,
  },
  'application.secret-made': {
    success: ({ actor, application }) => `${actor} made a new secret for the application ${application}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} make a secret for an application.`,
  },
  'application.secret-ended': {
    success: ({ actor, application }) => `${actor} ended a secret of the application ${application}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} end a secret of an application.`,
  },
  'application.entered': {
    success: ({ subject, application }) => `${subject} entered the application ${application}.`,
    refused: ({ subject, application }) => `${subject} was not let into the application ${application}.`,
  },
  'application.error': {
    failure: ({ application }) => `A request for the application ${application} was wrong.`,
  },
  'application.signed-out': {
    success: ({ subject, application }) =>
      `${application} was told that the session of ${subject} has ended.`,
    failure: ({ subject, application }) =>
      `All access of ${subject} to ${application} was ended, because a code or token was used twice.`,
  },
  'signing-keys.rotated': { success: () => 'New signing keys were made for applications.' },
  'queue.job-retried': {
    success: ({ actor }) => `${actor} retried failed jobs.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} retry failed jobs.`,
  },
  'queue.job-promoted': {
    success: ({ actor }) => `${actor} ran a delayed job at once.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} run a delayed job at once.`,
  },
  'queue.job-removed': {
    success: ({ actor }) => `${actor} removed a job from its queue.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} remove a job from its queue.`,
  },
  'queue.failed-work-retried': {
    success: ({ actor }) => `${actor} retried everything that had been given up.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} retry what had been given up.`,
  },
}
