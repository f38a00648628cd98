// The form around a list whose people can be selected. Pure.
import { backParameter } from '../access/list-address.ts'
import type { BulkChoice } from './bulk-choices.ts'

export interface Selection {
  action: string
  choices: BulkChoice[]
  /** Whether all of a page and all who match can be named without selecting them one by one. */
  ofList: boolean
  onPage: number
  /** All who match, in words; empty if that is not offered. */
  matching: string
}

/** `list`: its address, to which the acts lead back. */
export function selectionOf(
  choices: BulkChoice[],
  list: string,
  of?: { onPage: number; matching: string },
): Selection {
  return {
    action: `/users/bulk${backParameter(list)}`,
    choices,
    ofList: of !== undefined,
    onPage: of?.onPage ?? 0,
    matching: of?.matching ?? '',
  }
}
