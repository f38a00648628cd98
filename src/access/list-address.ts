// The page that an act on a user was begun from, as its links and forms carry it: a list of users, or the page of the
// user, which carries the list it was opened from. Pure.
import { ownPath } from '../gate/own-path.ts'
import { lastSaid } from '../platform/http/list-query.ts'

const LISTS = /^\/(?:users|service-desk|clients(?:\/[0-9a-f-]{36}\/users)?)(?:\?|$)/

export interface Return {
  /** The parameter of forms and links; empty if the act was begun in neither. */
  parameter: string
  cancel: string
  page: string
  /** The row in the list behind it. Null without a list. */
  row: string | null
}

/** Where an act on a user leads back to: their row, their page, or else `page`. No address of another origin is taken. */
export function returnTo(back: unknown, publicUrl: string, userId: string, page: string): Return {
  const list = listAddress(back, publicUrl)
  if (list !== null) {
    const row = rowIn(list, userId)
    return { parameter: backParameter(list), cancel: row, page: row, row }
  }
  const behind = listBehindPage(back, publicUrl, userId)
  if (behind === undefined) return { parameter: '', cancel: page, page, row: null }
  const own = pageOfUser(userId, behind)
  return {
    parameter: backParameter(own),
    cancel: own,
    page: own,
    row: behind === null ? null : rowIn(behind, userId),
  }
}

/** Null if it is no list of users. */
export function listAddress(back: unknown, publicUrl: string): string | null {
  const path = ownPath(lastSaid(back), publicUrl)
  return path !== null && LISTS.test(path) ? path : null
}

/** What a list's address says. `clientId`: its account; null for the own one. `isSearch`: through all accounts. */
export function readList(list: string): {
  clientId: string | null
  isSearch: boolean
  query: Record<string, string>
} {
  const [path = list, query = ''] = list.split('?')
  const [, clientId = null] = /^\/clients\/([0-9a-f-]{36})\/users$/.exec(path) ?? []
  return {
    clientId,
    isSearch: path === '/service-desk',
    query: Object.fromEntries(new URLSearchParams(query)),
  }
}

/** The page of a user. `list`: the one it was opened from. */
export function pageOfUser(userId: string, list: string | null): string {
  return `/users/${userId}${list === null ? '' : backParameter(list)}`
}

export function backParameter(page: string): string {
  return `?back=${encodeURIComponent(page)}`
}

export function rowIn(list: string, userId: string): string {
  return `${list}#user-${userId}`
}

/** The list behind the page of this user. Undefined if `back` is another page. */
function listBehindPage(back: unknown, publicUrl: string, userId: string): string | null | undefined {
  const path = ownPath(lastSaid(back), publicUrl)
  if (path === null) return undefined
  const { pathname, searchParams } = new URL(path, publicUrl)
  return pathname === `/users/${userId}` ? listAddress(searchParams.getAll('back'), publicUrl) : undefined
}
