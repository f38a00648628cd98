// Sentences about what is done to people: invitations, profiles, role groups, approvals. Pure.
import type { SentencesOf } from './event-names.ts'

export const PEOPLE_SENTENCES = {
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
  'user.profile-changed': {
    success: ({ actor, subject, renamed }) => `${actor} changed the name of ${subject}${renamed}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} change the profile of ${subject}.`,
  },
  'user.email-change-requested': {
    success: ({ actor, subject, renamed }) =>
      `${actor} asked to change the e-mail address of ${subject}${renamed}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} change the e-mail address of ${subject}.`,
  },
  'user.email-change-withdrawn': {
    success: ({ actor, subject }) => `${actor} took back the change of the e-mail address of ${subject}.`,
  },
  // The visitor has proven only that mail to the new address arrives.
  'user.email-changed': {
    success: ({ subject, renamed }) => `The e-mail address of ${subject} was changed${renamed}.`,
    failure: ({ subject }) => `The e-mail address of ${subject} was not changed: a user has the new one.`,
  },
  'user.role-groups-changed': {
    success: ({ actor, roleGroups }) => `${actor} ${roleGroups}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} change the role groups of ${subject}.`,
  },
  'approval.requested': {
    success: ({ actor, request }) => `${actor} asked for a second agent’s approval to ${request}.`,
  },
  'approval.approved': {
    success: ({ actor, requested }) => `${actor} approved that ${requested}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} approve another agent’s request.`,
  },
  'approval.refused': {
    success: ({ actor, requested }) => `${actor} refused that ${requested}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} refuse another agent’s request.`,
  },
  'approval.withdrawn': {
    success: ({ actor, request }) => `${actor} withdrew the request to ${request}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} withdraw another agent’s request.`,
  },
  'approval.expired': {
    success: ({ request }) => `The request to ${request} expired without a decision.`,
  },
  'approval.closed': {
    failure: ({ actor, requested }) =>
      `${actor} approved that ${requested}, but it could not be done any more.`,
  },
  'user.sessions-ended': {
    success: ({ actor, subject }) => `${actor} ended all sessions of ${subject}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} end the sessions of ${subject}.`,
  },
  'user.disabled': {
    success: ({ actor, subject }) => `${actor} disabled the account of ${subject}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} disable the account of ${subject}.`,
  },
  'user.enabled': {
    success: ({ actor, subject }) => `${actor} enabled the account of ${subject}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} enable the account of ${subject}.`,
  },
  'user.erased': {
    success: ({ actor, subject }) => `${actor} erased the personal data of ${subject}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} erase ${subject}.`,
  },
  'user.activated': { success: ({ subject }) => `The account of ${subject} became active.` },
  'users.exported': { success: ({ actor }) => `${actor} exported the list of users.` },
} as const satisfies SentencesOf
