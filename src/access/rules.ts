// Every 'may this person …?'. Pure. A rule answers null (allowed) or the name of a refusal; buttons and
// endpoints ask the same rule. Source: the specification, 'MFA Reset Permissions & Account Hierarchy Rules'.
import type { Refusal } from './refusals.ts'

/** Who acts: always a person whom the gate let in, as read in the transaction that acts. */
export interface Actor {
  id: string
  isAdmin: boolean
  isServiceDesk: boolean
  isOperator: boolean
  /** The highest among their role groups. */
  rank: number
}

/** A role group that is given or taken. */
export type Grant = Pick<Actor, 'isAdmin' | 'isServiceDesk' | 'isOperator' | 'rank'>

/**
 * A role group as the rule of the second approval asks about it. `ofPlatform`: people of the platform account hold
 * it.
 */
export type NamedGrant = Grant & { ofPlatform: boolean }

/** How an account lies to the actor's own. Child: any depth below. */
export type Relation = 'own' | 'child' | 'elsewhere'

/** On whom something is done, with the relation of their account to the actor's. */
export interface Target {
  id: string
  relation: Relation
  isAdmin: boolean
  /** Holds a role group that administers. */
  administers: boolean
  /** Within 30 days the target invited or promoted the actor, or the actor the target, directly or through others. */
  tiedToActor: boolean
  authenticatorActive: boolean
  lockedOut: boolean
  status: 'invited' | 'active' | 'disabled'
  accountSuspended: boolean
}

/** On which client account something is done, with its relation to the actor's. */
export interface AccountTarget {
  relation: Relation
  isPlatform: boolean
  suspended: boolean
}

/** A case that waits for a second person, as it lies to the actor. */
export interface ApprovalTarget {
  requestedBy: string
  /** Null: an invitation, before there is a user. */
  userId: string | null
  /**
   * Within 30 days the actor and the agent who asked were invited or promoted by one another or by the same person,
   * or the actor and the person concerned by one another.
   */
  tiedToActor: boolean
  /** There is an active agent who may decide it. */
  agentsMayDecide: boolean
}

/** Whether a role group gives power over others. */
export function administers({ isAdmin, isServiceDesk, isOperator }: Omit<Grant, 'rank'>): boolean {
  return isAdmin || isServiceDesk || isOperator
}

/** Spec: "The parent-account Admin user can view account information". Service Desk: any account. */
export function mayViewAccount(actor: Actor, relation: Relation): Refusal | null {
  if (actor.isServiceDesk) return null
  if (!actor.isAdmin) return relation === 'own' ? 'admins-only' : 'unknown'
  return relation === 'elsewhere' ? 'unknown' : null
}

/** Changing anything within an account: its own Admins and the Service Desk do. What else is asked comes on top. */
export function mayChangeWithin(actor: Actor, relation: Relation): Refusal | null {
  const hidden = mayViewAccount(actor, relation)
  if (hidden) return hidden
  return relation === 'child' && !actor.isServiceDesk ? 'parents-only-look' : null
}

/**
 * Whether the actor may administer this person at all. Spec: "Admins may only reset MFA for users within their
 * own client account"; "Admins cannot reset MFA for other Admins; such cases require Azupay Service Desk
 * intervention". The same isolation holds for everything else that is done to a user: else 'demote, then
 * reset' would get around it.
 */
export function mayAdminister(actor: Actor, target: Target): Refusal | null {
  const refusal = mayChangeWithin(actor, target.relation)
  if (refusal) return refusal
  if (actor.id === target.id) return 'not-oneself'
  return target.isAdmin && !actor.isServiceDesk ? 'admins-by-service-desk' : null
}

/**
 * What gives a person control of their account again: a reset, an early end of a lock, the end of a disabling. Not
 * between administrators one of whom invited or promoted the other within 30 days: else an agent could make an agent
 * who resets her. Other users are not concerned: they
 * administer no one, and the specification lets Admins reset them.
 */
export function mayGiveBackControl(actor: Actor, target: Target): Refusal | null {
  const refusal = mayAdminister(actor, target)
  if (refusal) return refusal
  return target.administers && target.tiedToActor ? 'invited-or-promoted' : null
}

/** An Admin resets a non-Admin of the own account, the Service Desk anybody else: if there is something to reset. */
export function mayResetMfa(actor: Actor, target: Target): Refusal | null {
  return mayGiveBackControl(actor, target) ?? (target.authenticatorActive ? null : 'nothing-to-reset')
}

/** Lifting a lock early, by the same permissions as a reset. */
export function mayUnlock(actor: Actor, target: Target): Refusal | null {
  return mayGiveBackControl(actor, target) ?? (target.lockedOut ? null : 'not-locked')
}

/** Inviting people into an account: not into a suspended one, where no link would open. */
export function mayInvite(actor: Actor, { relation, suspended }: AccountTarget): Refusal | null {
  return mayChangeWithin(actor, relation) ?? (suspended ? 'account-suspended' : null)
}

/**
 * Giving or taking a role group: up to one's own rank, and what administers only by the Service Desk. Else an Admin
 * would make an Admin, or unmake one and reset them then.
 */
export function mayGrant(actor: Actor, roleGroup: Grant): Refusal | null {
  if (administers(roleGroup) && !actor.isServiceDesk) return 'granted-by-service-desk'
  return roleGroup.rank > actor.rank ? 'above-own-rank' : null
}

/**
 * Whether giving this role group takes effect only once a second person has approved it: every role group of the
 * platform account, and every role group that administers. Only the first Admin of an account, invited with its
 * creation, needs no approval.
 */
export function needsApproval(roleGroup: NamedGrant): boolean {
  return roleGroup.ofPlatform || administers(roleGroup)
}

/** Looking at the cases that wait for a second person. An Operator sees only those that fall to Operators. */
export function mayViewApprovals(actor: Actor): Refusal | null {
  return actor.isServiceDesk || actor.isOperator ? null : 'unknown'
}

/**
 * Approving or refusing what another agent asked for. An Operator does it only where no agent may. Not the agent who
 * asked, not the person concerned, and neither whom they made.
 */
export function mayDecideApproval(actor: Actor, approval: ApprovalTarget): Refusal | null {
  const hidden = mayViewApprovals(actor)
  if (hidden) return hidden
  if (approval.requestedBy === actor.id) return 'own-request'
  if (!actor.isServiceDesk && approval.agentsMayDecide) return 'unknown'
  if (approval.userId === actor.id) return 'about-oneself'
  return approval.tiedToActor ? 'approved-by-others' : null
}

/** Taking back what one asked for oneself. */
export function mayWithdrawApproval(
  actor: Actor,
  { requestedBy }: Pick<ApprovalTarget, 'requestedBy'>,
): Refusal | null {
  if (!actor.isServiceDesk) return 'unknown'
  return requestedBy === actor.id ? null : 'withdrawn-by-requester'
}

/** Changing what somebody holds. Of each role group `mayGrant` is asked, too. */
export function mayChangeRoleGroups(actor: Actor, target: Target): Refusal | null {
  return mayAdminister(actor, target)
}

/** Shutting somebody out of the dashboard. */
export function mayDisable(actor: Actor, target: Target): Refusal | null {
  return mayAdminister(actor, target) ?? (target.status === 'disabled' ? 'already-disabled' : null)
}

/** Letting in again whoever was disabled. */
export function mayEnable(actor: Actor, target: Target): Refusal | null {
  return mayGiveBackControl(actor, target) ?? (target.status === 'disabled' ? null : 'not-disabled')
}

/** Sending an invitation again, or taking it back: until the account is active. */
export function mayChangeInvitation(actor: Actor, target: Target): Refusal | null {
  const refusal = mayAdminister(actor, target)
  if (refusal) return refusal
  if (target.status !== 'invited') return 'not-invited'
  return target.accountSuspended ? 'account-suspended' : null
}

/** Requiring MFA of a further role group. */
export function mayTightenPolicy(actor: Actor, account: AccountTarget): Refusal | null {
  return mayChangeWithin(actor, account.relation) ?? (account.isPlatform ? 'platform-fixed' : null)
}

/** Taking a role group out of the MFA policy: whoever stole an Admin's session must not switch MFA off. */
export function mayLoosenPolicy(actor: Actor, account: AccountTarget): Refusal | null {
  const refusal = mayTightenPolicy(actor, account)
  if (refusal) return refusal
  return actor.isServiceDesk ? null : 'loosened-by-service-desk'
}

/** A new client account, anywhere below none or any account but the platform's. */
export function mayCreateClient(actor: Actor): Refusal | null {
  return actor.isServiceDesk ? null : 'clients-by-service-desk'
}

/** Giving an account another name: the Service Desk. Whoever may look into it is told so. */
export function mayRenameClient(actor: Actor, account: AccountTarget): Refusal | null {
  if (!actor.isServiceDesk)
    return mayViewAccount(actor, account.relation) === 'unknown' ? 'unknown' : 'clients-by-service-desk'
  return account.isPlatform ? 'platform-fixed' : null
}

/** Suspending: nobody of the account signs in. By the same permissions as renaming. */
export function maySuspendClient(actor: Actor, account: AccountTarget): Refusal | null {
  return mayRenameClient(actor, account) ?? (account.suspended ? 'already-suspended' : null)
}

/** Ending a suspension. */
export function mayResumeClient(actor: Actor, account: AccountTarget): Refusal | null {
  return mayRenameClient(actor, account) ?? (account.suspended ? null : 'not-suspended')
}

/** Finding any user of any account. */
export function mayUseServiceDesk(actor: Actor): Refusal | null {
  return actor.isServiceDesk ? null : 'unknown'
}

/** Queues, outbox, mail and locks. To anybody else these pages do not exist. */
export function mayOperate(actor: Actor): Refusal | null {
  return actor.isOperator ? null : 'unknown'
}
