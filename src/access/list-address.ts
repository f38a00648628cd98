// The list of users that an act was begun from, as its links and forms carry it. Pure.
import { ownPath } from '../gate/own-path.ts'
import { lastSaid } from '../platform/http/list-query.ts'

const LISTS = /^\/(?:users|service-desk|clients\/[0-9a-f-]{36}\/users)(?:\?|$)/

export interface Return {
  /** The parameter of forms and links; empty if the act was not begun in a list. */
  parameter: string
  cancel: string
  page: string
}

/** Where an act on a user leads back to: the row in its list, or else `page`. No address of another origin is taken. */
export function returnTo(back: unknown, publicUrl: string, userId: string, page: string): Return {
  const list = listAddress(back, publicUrl)
  if (list === null) return { parameter: '', cancel: page, page }
  const row = rowIn(list, userId)
  return { parameter: backParameter(list), cancel: row, page: row }
}

/** Null if it is no list of users. */
export function listAddress(back: unknown, publicUrl: string): string | null {
  const path = ownPath(lastSaid(back), publicUrl)
  return path !== null && LISTS.test(path) ? path : null
}

export function backParameter(list: string): string {
  return `?back=${encodeURIComponent(list)}`
}

export function rowIn(list: string, userId: string): string {
  return `${list}#user-${userId}`
}
