// Every refusal: its name in the audit log, its status and its sentence. Pure.

export const REFUSALS = {
  /** Also for what the actor may not know of: it looks as if it did not exist. */
  unknown: { status: 404, sentence: 'There is nothing here.' },
  /** The session ended during the request, or is in another stage now. */
  'signed-out': {
    status: 409,
    sentence: 'You were signed out while this was under way, so nothing was changed.',
  },
  'admins-only': { status: 403, sentence: 'Only Admins and the Service Desk may do this.' },
  'parents-only-look': {
    status: 403,
    sentence: 'You can look into this account, but only its own Admins and the Service Desk may change it.',
  },
  'admins-by-service-desk': {
    status: 403,
    sentence: 'Only the Service Desk resets, changes or disables an Admin.',
  },
  'not-oneself': {
    status: 403,
    sentence: 'You cannot reset, unlock or change yourself. Ask the Service Desk.',
  },
  'granted-by-service-desk': {
    status: 403,
    sentence: 'Only the Service Desk gives or takes away a role group that administers, such as Admin.',
  },
  'above-own-rank': {
    status: 403,
    sentence:
      'You can give and take away role groups only up to your own rank. Ask the Service Desk for more.',
  },
  'loosened-by-service-desk': {
    status: 403,
    sentence: 'Only the Service Desk can take a role group out of the MFA policy.',
  },
  'clients-by-service-desk': {
    status: 403,
    sentence:
      'Client accounts are created, renamed, suspended and resumed by the Service Desk, which also sets their support contact.',
  },
  'platform-fixed': {
    status: 403,
    sentence: 'The platform account is fixed: everyone in it signs in with MFA, and it stays as it is.',
  },
  'invited-or-promoted': {
    status: 403,
    sentence:
      'One of you invited or promoted the other within the last 30 days. Another agent of the Service Desk must do this.',
  },
  'administrators-own-address': {
    status: 403,
    sentence:
      'Administrators change their e-mail address themselves, on their account page, with password and code.',
  },
  'changed-address': {
    status: 403,
    sentence:
      'You asked for another e-mail address of this person within the last 30 days. Someone else must reset the authenticator.',
  },
  'reset-authenticator': {
    status: 403,
    sentence:
      'You reset the authenticator of this person within the last 30 days. Someone else must change the e-mail address.',
  },
  'address-while-active': {
    status: 409,
    sentence:
      'An e-mail address changes only while the account is active. Enable it first; an invitation is withdrawn and sent to the right address.',
  },
  'email-changes-within-hour': {
    status: 429,
    sentence: 'You have asked for as many changes of e-mail addresses as one person may within an hour.',
  },
  'own-request': {
    status: 403,
    sentence: 'You asked for this yourself: a second agent decides. You can withdraw it.',
  },
  'about-oneself': { status: 403, sentence: 'This is about your own role groups: another agent decides.' },
  'approved-by-others': {
    status: 403,
    sentence:
      'Within the last 30 days you and the agent who asked, or you and the person concerned, were invited or promoted by one another or by the same person. Another agent decides.',
  },
  'withdrawn-by-requester': { status: 403, sentence: 'Only the agent who asked for this can withdraw it.' },
  'already-waiting': {
    status: 409,
    sentence: 'A request about this person already waits for a second agent. See Approvals.',
  },
  'already-decided': {
    status: 409,
    sentence: 'This case is not open any more: it was decided or withdrawn in the meantime.',
  },
  'approval-expired': {
    status: 409,
    sentence: 'This case has expired. The agent who asked can ask again.',
  },
  'approvals-within-hour': {
    status: 429,
    sentence: 'You have asked for as many approvals as one agent may within an hour.',
  },
  'no-approver': {
    status: 409,
    sentence:
      'A second person must approve this, and there is none: no other agent and no Operator who may. Nothing was given. See Approvals.',
  },
  'enable-first': {
    status: 409,
    sentence: 'This account is disabled. Enable it before you give it a role group that administers.',
  },
  'disable-first': {
    status: 409,
    sentence: 'Only a disabled account can be erased. Disable it first, or withdraw the invitation.',
  },
  'nothing-to-reset': {
    status: 409,
    sentence: 'There is no authenticator to reset: it may just have been reset.',
  },
  'not-locked': { status: 409, sentence: 'There is no lock in force: it may just have ended.' },
  'already-suspended': { status: 409, sentence: 'This account is already suspended.' },
  'account-suspended': {
    status: 409,
    sentence: 'This account is suspended: no invitation would open. Resume the account first.',
  },
  'not-suspended': { status: 409, sentence: 'This account is not suspended: it may just have been resumed.' },
  'already-disabled': { status: 409, sentence: 'This account is already disabled.' },
  'nowhere-signed-in': {
    status: 409,
    sentence: 'This account is disabled, so it is signed in nowhere.',
  },
  'not-disabled': { status: 409, sentence: 'This account is not disabled.' },
  'application-disabled': { status: 409, sentence: 'This application is already disabled.' },
  'application-enabled': { status: 409, sentence: 'This application is not disabled.' },
  'two-secrets': {
    status: 409,
    sentence:
      'This application has two valid secrets already, and no third was made. End one of them, or end both with the new one.',
  },
  'secret-ended': { status: 409, sentence: 'This secret is not valid any more.' },
  'not-invited': {
    status: 409,
    sentence: 'There is no invitation to change: the account may just have become active.',
  },
  'invite-again': {
    status: 409,
    sentence:
      'This invitation has expired. Withdraw it and invite the person again: a second agent approves who is to administer.',
  },
  'not-overdue': {
    status: 409,
    sentence:
      'They need not set up MFA now: they have, no role group of theirs requires it, or they are not active.',
  },
  'reminded-today': { status: 409, sentence: 'They were reminded within the last 24 hours.' },
  'invitations-within-hour': {
    status: 429,
    sentence: 'This account has sent as many invitations as it may within an hour.',
  },
  'invitations-open': {
    status: 409,
    sentence:
      'This account has as many open invitations as it may have. Withdraw some, or wait until they are accepted or run out.',
  },
} as const satisfies Record<string, { status: 403 | 404 | 409 | 429; sentence: string }>

export type Refusal = keyof typeof REFUSALS

/** The refusal that an audit event names. Undefined for a name that this release does not know. */
export function refusalNamed(name: unknown): { status: number; sentence: string } | undefined {
  const { [name as Refusal]: known }: Partial<typeof REFUSALS> = REFUSALS
  return known
}
