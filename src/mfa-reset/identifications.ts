// How the Service Desk made sure who asks for a reset, in words.
import type { identifiedBy } from '../platform/db/schema/mfa-resets.ts'

type Identification = (typeof identifiedBy.enumValues)[number]

/** `choice`: in the form; `told`: afterwards. */
export const IDENTIFICATIONS: Readonly<Record<Identification, { choice: string; told: string }>> = {
  'in-person': { choice: 'In person', told: 'in person' },
  'call-back': { choice: 'By calling back on a number on file', told: 'by calling back' },
  manager: {
    choice: 'Their manager, whom they did not invite or promote, vouched for them',
    told: 'by their manager',
  },
  video: { choice: 'By video', told: 'by video' },
}
