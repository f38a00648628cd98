// How the Service Desk identified the person who asks for a reset.
import type { identifiedBy } from '../platform/db/schema/mfa-resets.ts'

type Identification = (typeof identifiedBy.enumValues)[number]

/** `choice` is the label in the form; `how` follows 'Identified' in the history of a user. */
export const IDENTIFICATIONS: Readonly<Record<Identification, { choice: string; how: string }>> = {
  'in-person': { choice: 'In person', how: 'in person' },
  'call-back': { choice: 'By calling back on a number on file', how: 'by calling back' },
  manager: {
    choice: 'Their manager, whom they did not invite or promote, vouched for them',
    how: 'by their manager',
  },
  video: { choice: 'By video', how: 'by video' },
}
