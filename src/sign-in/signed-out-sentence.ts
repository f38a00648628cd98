// Why someone is signed out or may not come in, in sentences for the sign-in page. Pure.
import type { Person } from '../gate/facts.ts'
import { mfaRequiredSentence } from '../gate/mfa-required-sentence.ts'
import type { SignedOutReason } from '../gate/signed-out-reason.ts'

const OVER = 'You are signed out: your session was not used for too long, or it was ended. Sign in again.'

const SENTENCES: Readonly<
  Record<Exclude<SignedOutReason, 'disabled' | 'suspended' | 'mfa-required'>, string>
> = {
  'mfa-reset': 'You are signed out: your authenticator was reset. Sign in again to set up a new one.',
  'password-changed': 'You are signed out: your password was changed. Sign in with the new one.',
  'address-changed': 'You are signed out: your e-mail address was changed. Sign in with the new one.',
  'authenticator-replaced':
    'You are signed out: your authenticator was replaced by a new one. Sign in again with its code.',
  'enrolled-elsewhere':
    'You are signed out: an authenticator was set up for you in another browser. Sign in again with its code.',
  'ended-elsewhere': 'You are signed out: this session was ended in another browser. Sign in again.',
  'ended-by-admin':
    'You are signed out: an Admin or the Service Desk ended all your sessions. Sign in again.',
  'invitation-closed':
    'You are signed out: your invitation was withdrawn or sent again. Use the link in the newest mail.',
  'codes-locked':
    'This sign-in has ended: too many wrong codes were entered for your account. Sign in again.',
  'took-too-long': 'This sign-in has ended: it took more than 10 minutes. Sign in again.',
  over: OVER,
}

export function signedOutSentence(
  reason: SignedOutReason,
  person: Person | null,
  { helper, now }: { helper: string; now: Date },
): string {
  if (reason === 'disabled' || reason === 'suspended')
    return person ? shutOutSentence(reason, person, helper) : OVER
  if (reason !== 'mfa-required') return SENTENCES[reason]
  const requirement = person && mfaRequiredSentence(person, { now, isNew: true })
  return requirement ? `${requirement} Sign in again to set up your authenticator.` : OVER
}

/** Only for a person who has proven the password. */
export function shutOutSentence(
  shut: 'disabled' | 'suspended',
  { clientName }: Pick<Person, 'clientName'>,
  helper: string,
): string {
  return shut === 'disabled'
    ? `Your account is disabled. Ask ${helper} to enable it.`
    : `${clientName} is suspended, so its people cannot sign in. Ask the Service Desk.`
}
