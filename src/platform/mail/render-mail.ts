import { isIP } from 'node:net'
import { describeDevice } from '../http/describe-device.ts'
import { openTemplates } from '../http/open-templates.ts'
import { inOneLine } from '../http/typed-text.ts'
import { instantText } from '../time/instant-text.ts'
import type { NotificationFacts, NotificationKind } from './kinds.ts'

export interface MailContext {
  recipient: { name: string; email: string; clientName: string }
  helper: string
  /** The support contact in one line. */
  support?: string | undefined
  publicUrl: string
  /** In which times are given; UTC if not set. */
  timeZone?: string | undefined
  link?: string | undefined
  at?: Date | undefined
  address?: string | null | undefined
  userAgent?: string | null | undefined
  lockedUntil?: Date | undefined
  lockKind?: 'password' | 'code' | undefined
  inKnownBrowser?: boolean | undefined
  expiresAt?: Date | undefined
  roleGroups?: string | undefined
  formerName?: string | undefined
  newName?: string | undefined
  newEmail?: string | undefined
  by?: string | undefined
  byYou?: boolean | undefined
  subjectName?: string | undefined
  administrators?: NotificationFacts['administrators-changed'] | undefined
  approval?: MailedApproval | undefined
  /** mfa-policy-changed: role groups that now require MFA, and that no longer do. */
  added?: string | undefined
  removed?: string | undefined
  /** Role groups whose requirement begins at another time than before. */
  moved?: string | undefined
  startsAt?: Date | undefined
  resets?: number | undefined
  from?: Date | undefined
  until?: Date | undefined
  head?: string | undefined
  /** platform-changed */
  what?: NotificationFacts['platform-changed']['what'] | undefined
  /** code-failed */
  wrongCodes?: NotificationFacts['code-failed']['after'] | undefined
  locks?: string | undefined
  people?: string | undefined
  /** The account that a mail is about, if it may not be the recipient's. */
  accountName?: string | undefined
}

export interface MailedApproval {
  personName: string
  accountName: string
  given: string
  status: string
  expiresAt: Date
}

export interface Mail {
  subject: string
  text: string
  html: string
}

const SUBJECTS: { readonly [Kind in NotificationKind]: (context: MailContext) => string } = {
  invitation: ({ recipient }) => `Your invitation to the dashboard of ${recipient.clientName}`,
  'invitation-reminder': ({ recipient }) =>
    `Your invitation to the dashboard of ${recipient.clientName} ends soon`,
  'mfa-reminder': ({ recipient }) => `Set up MFA for the dashboard of ${recipient.clientName}`,
  'mfa-required-from': ({ recipient }) => `MFA will be required in the dashboard of ${recipient.clientName}`,
  'password-reset': () => 'Choose a new password',
  'password-changed': () => 'Your password was changed',
  'authenticator-enrolled': () => 'An authenticator was set up for your account',
  'authenticator-replaced': () => 'Your authenticator was replaced by a new one',
  lockout: ({ lockKind }) =>
    lockKind === 'code'
      ? 'Too many wrong codes for your account'
      : 'Too many wrong passwords for your account',
  'lockout-ended': () => 'You can sign in again',
  'authenticator-disabled': () => 'Your authenticator was switched off',
  'code-failed': ({ wrongCodes }) =>
    wrongCodes === 'abandoned'
      ? 'Your password was used with a wrong code'
      : 'Your password was used with wrong codes',
  'locked-repeatedly': ({ subjectName = '', locks }) =>
    `${oneLine(subjectName)} was locked ${locks} times within 24 hours`,
  'many-failures': ({ accountName = '' }) => `Many people of ${oneLine(accountName)} fail to sign in`,
  'reset-request': ({ subjectName = '' }) =>
    `${oneLine(subjectName)} asks for a reset of their authenticator`,
  'reset-asked-for': () => 'A reset of your authenticator was asked for',
  'mfa-reset': () => 'Your authenticator was reset',
  'mfa-reset-for-admins': ({ subjectName = '' }) => `The authenticator of ${oneLine(subjectName)} was reset`,
  'mfa-reset-digest': ({ recipient, resets = 0 }) =>
    `${resets} more ${resets === 1 ? 'authenticator' : 'authenticators'} reset in ${recipient.clientName}`,
  'lockout-lifted': () => 'You can sign in again',
  'mfa-policy-changed': ({ recipient }) => `The MFA policy of ${recipient.clientName} was changed`,
  'name-changed': () => 'Your name was changed',
  'email-change-link': () => 'Confirm your new e-mail address',
  'email-change-requested': () => 'Your e-mail address is about to change',
  'email-changed': () => 'Your e-mail address was changed',
  'role-groups-changed': () => 'Your role groups were changed',
  'administrators-changed': ({ recipient }) => `Who administers ${recipient.clientName} was changed`,
  'platform-changed': ({ what }) =>
    `The ${what === 'logo' ? 'logo' : 'support contact'} of the platform was changed`,
  'approval-requested': () => 'A request waits for your approval',
  'approval-decided': ({ approval }) => DECIDED[approval?.status ?? ''] ?? 'Your request was decided',
  'client-suspended': ({ recipient }) => `${recipient.clientName} was suspended`,
  'client-resumed': ({ recipient }) => `${recipient.clientName} was resumed`,
  'sessions-ended': () => 'You were signed out everywhere',
  'account-disabled': () => 'Your account was disabled',
  'account-enabled': () => 'Your account was enabled again',
  'signing-keys-replaced': () => 'All signing keys were replaced at once',
  'audit-head': ({ at }) => `Head of the audit log on ${at?.toISOString().slice(0, 10)}`,
}

const DECIDED: Readonly<Record<string, string>> = {
  approved: 'Your request was approved',
  refused: 'Your request was refused',
  expired: 'Your request has expired',
  closed: 'Your request was approved, but could not be carried out',
}

type AdministratorChange = NotificationFacts['administrators-changed']

const ADMINISTRATOR_CHANGES: {
  readonly [Change in AdministratorChange['change']]: (name: string, facts: AdministratorChange) => string
} = {
  'role-groups': (name, { given, taken }) => {
    const parts = [given && `was given the role group ${given}`, taken && `no longer holds ${taken}`]
    return `${name} ${parts.filter(Boolean).join(', and ')}.`
  },
  renamed: (name, { given }) => `The name of a user who holds ${given} was changed: it is now ${name}.`,
  'address-changed': (name, { given }) => `The e-mail address of ${name}, who holds ${given}, was changed.`,
  invited: (name, { given }) => `${name} was invited, with the role group ${given}.`,
  'invited-again': (name, { given }) => `The invitation of ${name}, who is to hold ${given}, was sent again.`,
  'invitation-withdrawn': (name, { given }) =>
    `The invitation of ${name}, who was to hold ${given}, was withdrawn.`,
  disabled: (name, { given }) => `The account of ${name}, who holds ${given}, was disabled.`,
  enabled: (name, { given }) => `The account of ${name}, who holds ${given}, was enabled again.`,
}

const html = openTemplates({ autoescape: true })
const text = openTemplates({ autoescape: false })

export function renderMail(kind: NotificationKind, context: MailContext): Mail {
  const { timeZone = 'UTC' } = context
  const timeText = (instant: Date) => instantText(instant, timeZone)
  const recipient = {
    name: oneLine(context.recipient.name),
    email: oneLine(context.recipient.email),
    clientName: oneLine(context.recipient.clientName),
  }
  const facts = {
    recipient,
    helper: context.helper,
    support: context.support && oneLine(context.support),
    host: new URL(context.publicUrl).host,
    timeZone: timeZone === 'UTC' ? '' : timeZone,
    link: context.link,
    by: context.by && oneLine(context.by),
    byYou: context.byYou ?? false,
    subjectName: context.subjectName && oneLine(context.subjectName),
    story: context.administrators && administratorStory(context.administrators, context.subjectName),
    approval: context.approval && {
      ...context.approval,
      personName: oneLine(context.approval.personName),
      accountName: oneLine(context.approval.accountName),
      expiresAt: timeText(context.approval.expiresAt),
    },
    added: context.added,
    removed: context.removed,
    moved: context.moved,
    startsAt: context.startsAt && timeText(context.startsAt),
    resets: context.resets,
    from: context.from && timeText(context.from),
    until: context.until && timeText(context.until),
    head: context.head,
    changed: context.what === 'logo' ? 'logo' : 'support contact',
    wrongCodes: context.wrongCodes,
    locks: context.locks,
    people: context.people,
    accountName: context.accountName && oneLine(context.accountName),
    lockKind: context.lockKind,
    inKnownBrowser: context.inKnownBrowser ?? false,
    lockedUntil: context.lockedUntil && timeText(context.lockedUntil),
    expiresAt: context.expiresAt && timeText(context.expiresAt),
    roleGroups: context.roleGroups && oneLine(context.roleGroups),
    formerName: context.formerName && oneLine(context.formerName),
    newName: context.newName && oneLine(context.newName),
    newEmail: context.newEmail && oneLine(context.newEmail),
    at: context.at && timeText(context.at),
    address: context.address && isIP(context.address) ? context.address : 'an unknown address',
    device: context.userAgent ? describeDevice(context.userAgent) : 'an unknown browser',
  }
  const subject = SUBJECTS[kind]({ ...context, recipient })
  return {
    subject,
    text: text.render(`mail/${kind}.txt.njk`, { ...facts, subject }),
    html: html.render(`mail/${kind}.html.njk`, { ...facts, subject }),
  }
}

function administratorStory(facts: AdministratorChange, subjectName = ''): string {
  return ADMINISTRATOR_CHANGES[facts.change](oneLine(subjectName), facts)
}

function oneLine(typed: string): string {
  return inOneLine(typed).slice(0, 254)
}
