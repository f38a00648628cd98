// Sentences about applications. Pure.
import type { SentencesOf } from './event-names.ts'

export const APPLICATION_SENTENCES = {
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
} as const satisfies SentencesOf
