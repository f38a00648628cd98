// Sentences about sign-ins, locks, authenticators and passwords. Pure.
import type { SentencesOf } from './event-names.ts'

export const SIGN_IN_SENTENCES = {
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
  'sign-in.many-failures': {
    success: () => 'Many people of this account failed to sign in within an hour. Its helpers got a mail.',
  },
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
  'lockout.repeated': {
    success: ({ subject }) =>
      `${subject} was locked repeatedly within a day. Those who may unlock got a mail.`,
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
    refused: ({ subject }) =>
      `${subject}, or someone with their password, asked again for a reset of the authenticator within an hour.`,
  },
  'mfa-reset.requested': {
    success: ({ actor, subject }) => `${actor} reset the MFA of ${subject}.`,
    refused: ({ actor, mayNot, subject }) => `${actor} ${mayNot} reset the MFA of ${subject}.`,
  },
  'mfa-reset.completed': { success: ({ subject }) => `The MFA reset of ${subject} was completed.` },
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
} as const satisfies SentencesOf
