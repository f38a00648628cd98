// Why an approved case could not be carried out. Pure.

export const CLOSINGS = {
  'requester-gone': 'The agent who asked is not an active agent any more.',
  'requester-signed-out':
    'All sessions of the agent who asked were ended since, as by a reset or a new password. The agent can ask again.',
  'account-renamed': 'The account was renamed since. The agent who asked can ask again.',
  'person-changed':
    'The person concerned has changed since: their account, their name, their address or the role groups they hold.',
  'account-suspended': 'The account was suspended in the meantime.',
  'address-taken': 'The address belongs to a user by now.',
  'not-grantable': 'The agent who asked may not do this any more.',
} as const

export type Closing = keyof typeof CLOSINGS

/** Also for values stored by earlier versions. */
export function closingSentence(because: string): string {
  const { [because as Closing]: sentence }: Partial<typeof CLOSINGS> = CLOSINGS
  return sentence ?? because
}
