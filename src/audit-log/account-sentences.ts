// Sentences about what is done to a client account. Pure.
import type { SentencesOf } from './event-names.ts'

export const ACCOUNT_SENTENCES = {
  'mfa.reminded': {
    success: ({ actor }) => `${actor} had everyone reminded who must still set up MFA.`,
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
