// Sentences about what is done to a client account. Pure.
import type { SentencesOf } from './event-names.ts'

export const ACCOUNT_SENTENCES = {
  'mfa.reminded': {
    success: ({ actor, reminded }) => `${actor} had ${reminded}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} remind users of MFA.`,
  },
  'mfa-policy.changed': {
    success: ({ actor, requirement }) => `${actor} ${requirement}.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} change an MFA policy.`,
  },
  'mfa-policy.started': { success: ({ begun }) => `The requirement of MFA for ${begun} began.` },
  'client.created': {
    success: ({ actor }) => `${actor} created this account.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} create a client account.`,
  },
  'client.support-changed': {
    success: ({ actor }) => `${actor} changed the support contact of the account.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} change the support contact of an account.`,
  },
  'client.logo-uploaded': {
    success: ({ actor }) => `${actor} uploaded a logo for the account. It is not shown yet.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} upload a logo for an account.`,
  },
  'client.logo-changed': {
    success: ({ actor }) => `${actor} changed the logo of the account.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} change the logo of an account.`,
  },
  'client.logo-removed': {
    success: ({ actor }) => `${actor} removed the logo of the account.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} remove the logo of an account.`,
  },
  'client.time-zone-changed': {
    success: ({ actor }) => `${actor} changed the time zone of mails to the people of the account.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} change the time zone of an account.`,
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
} as const satisfies SentencesOf
