// Every 'may this person …?'. Pure. A rule answers null (allowed) or the name of a refusal; buttons and
// endpoints ask the same rule. Source: the specification, 'MFA Reset Permissions & Account Hierarchy Rules'.
import type { Refusal } from './refusals.ts'

/** The person who acts, as read in the transaction that acts. */
export interface Actor {
  id: string
  isAdmin: boolean
  isServiceDesk: boolean
  isOperator: boolean
  rank: number
}

export type Grant = Pick<Actor, 'isAdmin' | 'isServiceDesk' | 'isOperator' | 'rank'>

/** `ofPlatform`: users of the platform account hold it. */
export type NamedGrant = Grant & { ofPlatform: boolean }

/** The relation of an account to the actor's own. Child: any depth below. */
export type Relation = 'own' | 'child' | 'elsewhere'

/** The user concerned, with the relation of their account to the actor's. */
export interface Target {
  id: string
  relation: Relation
  isAdmin: boolean
  administers: boolean
  /** One invited or promoted the other within 30 days, directly or through others. */
  tiedToActor: boolean
  /** Both within 30 days: who does both could take the account over alone. */
  addressChangedByActor: boolean
  mfaResetByActor: boolean
  authenticatorActive: boolean
  lockedOut: boolean
  status: 'invited' | 'active' | 'disabled'
  accountSuspended: boolean
}

export interface AccountTarget {
  relation: Relation
  isPlatform: boolean
  suspended: boolean
}

/** A case for a second person, in relation to the actor. */
export interface ApprovalTarget {
  requestedBy: string
  /** Null: an invitation. */
  userId: string | null
  /** One made the other within 30 days, or one person made the actor and the requester. */
  tiedToActor: boolean
  agentsMayDecide: boolean
}

export function administers({ isAdmin, isServiceDesk, isOperator }: Omit<Grant, 'rank'>): boolean {
  return isAdmin || isServiceDesk || isOperator
}

/** Spec: "The parent-account Admin user can view account information". Service Desk: any account. */
export function mayViewAccount(actor: Actor, relation: Relation): Refusal | null {
  if (actor.isServiceDesk) return null
  if (!actor.isAdmin) return relation === 'own' ? 'admins-only' : 'unknown'
  return relation === 'elsewhere' ? 'unknown' : null
}

/** Changing anything within an account: its own Admins and the Service Desk. Further rules add to this. */
export function mayChangeWithin(actor: Actor, relation: Relation): Refusal | null {
  const hidden = mayViewAccount(actor, relation)
  if (hidden) return hidden
  return relation === 'child' && !actor.isServiceDesk ? 'parents-only-look' : null
}

/**
 * Whether the actor may administer this person at all. Spec: "Admins may only reset MFA for users within their
 * own client account"; "Admins cannot reset MFA for other Admins; such cases require Azupay Service Desk
 * intervention". The same holds for every act on a user: otherwise 'demote, then reset' would get around it.
 */
export function mayAdminister(actor: Actor, target: Target): Refusal | null {
  const refusal = mayChangeWithin(actor, target.relation)
  if (refusal) return refusal
  if (actor.id === target.id) return 'not-oneself'
  return target.isAdmin && !actor.isServiceDesk ? 'admins-by-service-desk' : null
}

/**
 * Acts that give a user control again: a reset, an early end of a lock, enabling. Not between administrators who invited
 * or promoted one another within 30 days: otherwise an agent could make an agent who resets her.
 */
export function mayGiveBackControl(actor: Actor, target: Target): Refusal | null {
  const refusal = mayAdminister(actor, target)
  if (refusal) return refusal
  return target.administers && target.tiedToActor ? 'invited-or-promoted' : null
}

/** An Admin resets a non-Admin of their own account, the Service Desk any other user, except an administrator it is tied to. */
export function mayResetMfa(actor: Actor, target: Target): Refusal | null {
  const refusal = mayGiveBackControl(actor, target)
  if (refusal) return refusal
  if (!target.authenticatorActive) return 'nothing-to-reset'
  return target.addressChangedByActor ? 'changed-address' : null
}

/** Lifting a lock early, by the same permissions as a reset. */
export function mayUnlock(actor: Actor, target: Target): Refusal | null {
  return mayGiveBackControl(actor, target) ?? (target.lockedOut ? null : 'not-locked')
}

export function mayInvite(actor: Actor, { relation, suspended }: AccountTarget): Refusal | null {
  return mayChangeWithin(actor, relation) ?? (suspended ? 'account-suspended' : null)
}

/** Asking all who must still set up MFA to do so. By the same permissions as inviting: both only send mail. */
export function mayRemind(actor: Actor, account: AccountTarget): Refusal | null {
  return mayInvite(actor, account)
}

/** The same for one user. Whether they are overdue is asked with the time of the last reminder. */
export function mayRemindUser(actor: Actor, target: Target): Refusal | null {
  return mayChangeWithin(actor, target.relation) ?? (target.accountSuspended ? 'account-suspended' : null)
}

/** Up to one's own rank. Admins give nothing that administers: otherwise one could demote another Admin, then reset them. */
export function mayGrant(actor: Actor, roleGroup: Grant): Refusal | null {
  if (administers(roleGroup) && !actor.isServiceDesk) return 'granted-by-service-desk'
  return roleGroup.rank > actor.rank ? 'above-own-rank' : null
}

/** A second person approves every role group of the platform, and every one that administers. */
export function needsApproval(roleGroup: NamedGrant): boolean {
  return roleGroup.ofPlatform || administers(roleGroup)
}

export function mayViewApprovals(actor: Actor): Refusal | null {
  return actor.isServiceDesk || actor.isOperator ? null : 'unknown'
}

/** Not the requester, the user concerned or anyone tied to them. Operators only if no agent may. */
export function mayDecideApproval(actor: Actor, approval: ApprovalTarget): Refusal | null {
  const hidden = mayViewApprovals(actor)
  if (hidden) return hidden
  if (approval.requestedBy === actor.id) return 'own-request'
  if (!actor.isServiceDesk && approval.agentsMayDecide) return 'unknown'
  if (approval.userId === actor.id) return 'about-oneself'
  return approval.tiedToActor ? 'approved-by-others' : null
}

export function mayWithdrawApproval(
  actor: Actor,
  { requestedBy }: Pick<ApprovalTarget, 'requestedBy'>,
): Refusal | null {
  if (!actor.isServiceDesk) return 'unknown'
  return requestedBy === actor.id ? null : 'withdrawn-by-requester'
}

/** Changing the name of a user. */
export function mayChangeProfile(actor: Actor, target: Target): Refusal | null {
  return mayAdminister(actor, target)
}

/**
 * Asking for another address of a user. Like a reset: who reads the mail of a user can choose the password. Administrators
 * change their own.
 */
export function mayChangeEmail(actor: Actor, target: Target): Refusal | null {
  const refusal = mayGiveBackControl(actor, target)
  if (refusal) return refusal
  if (target.administers) return 'administrators-own-address'
  if (target.status !== 'active' || target.accountSuspended) return 'address-while-active'
  return target.mfaResetByActor ? 'reset-authenticator' : null
}

/** Changing the role groups of a user. `mayGrant` decides about each role group. */
export function mayChangeRoleGroups(actor: Actor, target: Target): Refusal | null {
  return mayAdminister(actor, target)
}

export function mayDisable(actor: Actor, target: Target): Refusal | null {
  return mayAdminister(actor, target) ?? (target.status === 'disabled' ? 'already-disabled' : null)
}

/** Signing a person out everywhere. They can sign in again at once. */
export function mayEndSessions(actor: Actor, target: Target): Refusal | null {
  return mayAdminister(actor, target) ?? (target.status === 'disabled' ? 'nowhere-signed-in' : null)
}

export function mayEnable(actor: Actor, target: Target): Refusal | null {
  return mayGiveBackControl(actor, target) ?? (target.status === 'disabled' ? null : 'not-disabled')
}

/** Erasing the personal data of a person who left, for good. Only a disabled user has left. */
export function mayErase(actor: Actor, target: Target): Refusal | null {
  return mayAdminister(actor, target) ?? (target.status === 'disabled' ? null : 'disable-first')
}

/** Resending or withdrawing an invitation, until the user is active. */
export function mayChangeInvitation(actor: Actor, target: Target): Refusal | null {
  const refusal = mayAdminister(actor, target)
  if (refusal) return refusal
  if (target.status !== 'invited') return 'not-invited'
  return target.accountSuspended ? 'account-suspended' : null
}

export function mayTightenPolicy(actor: Actor, account: AccountTarget): Refusal | null {
  return mayChangeWithin(actor, account.relation) ?? (account.isPlatform ? 'platform-fixed' : null)
}

/** Taking a role group out of the MFA policy: a stolen session of an Admin must not switch MFA off. */
export function mayLoosenPolicy(actor: Actor, account: AccountTarget): Refusal | null {
  const refusal = mayTightenPolicy(actor, account)
  if (refusal) return refusal
  return actor.isServiceDesk ? null : 'loosened-by-service-desk'
}

export function mayCreateClient(actor: Actor): Refusal | null {
  return actor.isServiceDesk ? null : 'clients-by-service-desk'
}

/** Renaming is for the Service Desk. Other viewers of the account get the reason, not a 404. */
export function mayRenameClient(actor: Actor, account: AccountTarget): Refusal | null {
  if (!actor.isServiceDesk)
    return mayViewAccount(actor, account.relation) === 'unknown' ? 'unknown' : 'clients-by-service-desk'
  return account.isPlatform ? 'platform-fixed' : null
}

/**
 * What pages and mails show of an account: its support contact, time zone and logo. The platform's are the default of
 * all.
 */
export function maySetClientDetails(actor: Actor, account: AccountTarget): Refusal | null {
  if (actor.isServiceDesk) return null
  return mayViewAccount(actor, account.relation) === 'unknown' ? 'unknown' : 'clients-by-service-desk'
}

/** By the same permissions as renaming. */
export function maySuspendClient(actor: Actor, account: AccountTarget): Refusal | null {
  return mayRenameClient(actor, account) ?? (account.suspended ? 'already-suspended' : null)
}

export function mayResumeClient(actor: Actor, account: AccountTarget): Refusal | null {
  return mayRenameClient(actor, account) ?? (account.suspended ? null : 'not-suspended')
}

/** Registering, changing, disabling applications and their secrets. */
export function mayRunApplications(actor: Actor): Refusal | null {
  return actor.isServiceDesk ? null : 'unknown'
}

export function mayDisableApplication(actor: Actor, { disabled }: { disabled: boolean }): Refusal | null {
  return mayRunApplications(actor) ?? (disabled ? 'application-disabled' : null)
}

export function mayEnableApplication(actor: Actor, { disabled }: { disabled: boolean }): Refusal | null {
  return mayRunApplications(actor) ?? (disabled ? null : 'application-enabled')
}

/** The list of applications: the Service Desk sees all, an Admin those that people of the account use. */
export function mayViewApplications(actor: Actor): Refusal | null {
  return actor.isServiceDesk || actor.isAdmin ? null : 'unknown'
}

export function mayUseServiceDesk(actor: Actor): Refusal | null {
  return actor.isServiceDesk ? null : 'unknown'
}

/** The operators' pages: for all others they do not exist. */
export function mayOperate(actor: Actor): Refusal | null {
  return actor.isOperator ? null : 'unknown'
}
