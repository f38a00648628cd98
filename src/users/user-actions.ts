// What the page of a user offers beside resetting and unlocking. Pure. Each act asks the same rule again.
import {
  type Actor,
  mayAdminister,
  mayChangeInvitation,
  mayChangeRoleGroups,
  mayDisable,
  mayEnable,
  type Target,
} from '../access/rules.ts'

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
