// A user as pages show them: facts, refusals in words, and what may be done. Pure.
import { REFUSALS, type Refusal } from '../access/refusals.ts'
import {
  type Actor,
  mayAdminister,
  mayChangeInvitation,
  mayChangeRoleGroups,
  mayDisable,
  mayEnable,
  type Target,
} from '../access/rules.ts'
import { type Standing, type UserFacts, userFacts } from './user-facts.ts'

/** A user's facts with the words that the views print. */
export interface UserView extends UserFacts {
  mayReset: boolean
  mayUnlock: boolean
  mayChangeInvitation: boolean
  /** Why there is no button to reset; empty if there is one. */
  resetSentence: string
  /** The same in a list; empty where the row or the top of the page says so already. */
  resetNote: string
}

/** What a viewer sees of a user, and what they may do to them. */
export function userView(
  read: Parameters<typeof userFacts>[0],
  actor: Actor,
  standing: Standing,
  now: Date,
): UserView {
  const facts = userFacts(read, actor, standing, now)
  return {
    ...facts,
    mayReset: facts.resetRefusal === null,
    mayUnlock: facts.unlockRefusal === null,
    mayChangeInvitation: facts.invitationRefusal === null,
    resetSentence: facts.resetRefusal === null ? '' : sentenceFor(facts.resetRefusal),
    resetNote: noteFor(facts.resetRefusal),
  }
}

/** On a page that only shows, nothing has 'just been done'. */
function sentenceFor(refusal: Refusal): string {
  return refusal === 'nothing-to-reset' ? 'There is no authenticator to reset.' : REFUSALS[refusal].sentence
}

function noteFor(refusal: Refusal | null): string {
  const saysItself = refusal === null || refusal === 'nothing-to-reset' || refusal === 'parents-only-look'
  return saysItself ? '' : REFUSALS[refusal].sentence
}

export interface UserActions {
  /** False: nothing of it, and the page says why beside the reset, which the same people may not. */
  any: boolean
  changeRoleGroups: boolean
  changeInvitation: boolean
  disable: boolean
  enable: boolean
}

/** What the page of `target` offers to `actor`. */
export function userActions(actor: Actor, target: Target): UserActions {
  return {
    any: mayAdminister(actor, target) === null,
    changeRoleGroups: mayChangeRoleGroups(actor, target) === null,
    changeInvitation: mayChangeInvitation(actor, target) === null,
    disable: mayDisable(actor, target) === null,
    enable: mayEnable(actor, target) === null,
  }
}
