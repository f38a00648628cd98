// A row of a list of users. Its template only writes down what stands here. Pure.
import { backParameter } from '../access/list-address.ts'
import { targetOf } from '../access/people.ts'
import { type Actor, mayChangeWithin } from '../access/rules.ts'
import { relativeText } from '../platform/time/relative-text.ts'
import { combinedStatus } from './combined-status.ts'
import { type Standing, type UserRow, userActions, userView } from './user-view.ts'

/** The list around the rows. */
export interface ListAround {
  actor: Actor
  standing: Standing
  now: Date
  /** The address of the list with its filters and page; acts lead back to it. */
  address: string | null
  /** The user just acted on. */
  marked: string | null
  /** Users of several accounts. */
  withAccount: boolean
}

/** The address of each act; empty if the viewer may not do it. */
interface Acts {
  unlock: string
  invitation: string
  profile: string
  roleGroups: string
  enable: string
  reset: string
  withdraw: string
  disable: string
}

export type RowView = ReturnType<typeof rowView>

export function rowView(row: UserRow, list: ListAround) {
  const { actor, standing, now, withAccount } = list
  const user = userView(row, actor, standing, now)
  const { id, name, email, client, mfa, status, lastSignInAt } = user
  const back = list.address === null ? '' : backParameter(list.address)
  const isMarked = list.marked === id
  const acts = actsOn(row, list, back)
  return {
    id,
    name,
    email,
    status,
    mfaState: mfa.state,
    href: `/users/${id}${back}`,
    account: withAccount ? { href: `/clients/${client.id}`, name: client.name } : null,
    roleGroups: user.roleGroups.join(', ') || 'None',
    combined: combinedStatus(
      {
        status,
        lockedUntil: user.lockedUntil,
        invitation: row.invitation,
        enrolled: mfa.state === 'active',
        authenticatorDisabled: mfa.disabled,
        mfaRequired: mfa.required,
      },
      now,
    ),
    detail: user.reset ? '' : detailOf(user),
    reset: user.reset && { step: user.reset.step, text: RESET_TEXTS[user.reset.step](mfa.required) },
    lastSignIn: lastSignInAt && { at: lastSignInAt, ago: relativeText(lastSignInAt, now) },
    pollMs: user.pollMs,
    pollHref: rowAddress(id, back, { withAccount, isMarked }),
    isMarked,
    /** Of viewers who may change something in the account. */
    hasMenu: mayChangeWithin(actor, standing.relation) === null,
    acts,
    hasActs: Object.values(acts).some((href) => href !== ''),
    note: user.resetNote,
  }
}

const RESET_TEXTS = {
  requested: () => 'Reset requested, being carried out',
  completed: (required: boolean) => `Reset done${required ? ', must enrol again to sign in' : ''}`,
  're-enrolled': () => 'Enrolled again after the reset',
} as const

function detailOf({ mfa, status }: ReturnType<typeof userView>): string {
  if (mfa.state === 'pending') return 'setting it up just now'
  return status === 'invited' && mfa.required ? 'MFA required' : ''
}

function rowAddress(
  id: string,
  back: string,
  { withAccount, isMarked }: { withAccount: boolean; isMarked: boolean },
): string {
  const parameters = [back.slice(1), withAccount && 'account=shown', isMarked && 'marked=yes'].filter(Boolean)
  return `/users/${id}/row${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`
}

function actsOn(row: UserRow, { actor, standing, now }: ListAround, back: string): Acts {
  const target = targetOf(row.person, row.passwordLockedUntil, standing, now)
  const may = userActions(actor, target)
  const act = (allowed: boolean, name: string) => (allowed ? `/users/${target.id}/${name}${back}` : '')
  return {
    unlock: act(may.unlock, 'unlock'),
    invitation: act(may.changeInvitation, 'invitation'),
    profile: act(may.changeProfile, 'profile'),
    roleGroups: act(may.changeRoleGroups, 'role-groups'),
    enable: act(may.enable, 'enable'),
    reset: act(may.reset, 'mfa-reset'),
    withdraw: act(may.changeInvitation, 'invitation/withdraw'),
    disable: act(may.disable, 'disable'),
  }
}
