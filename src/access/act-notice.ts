import { and, eq } from 'drizzle-orm'
import type { Request, Response } from 'express'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { LINK_LIFE_MS } from '../platform/crypto/link-token.ts'
import type { Reader } from '../platform/db/client.ts'
import { users } from '../platform/db/schema/users.ts'
import { noticeAbout, readNotice, writeNotice } from '../platform/http/notice.ts'
import { durationText } from '../platform/time/duration-text.ts'
import { type Return, returnTo } from './list-address.ts'

/** Sentences for the page after an act. */
const ACTS = {
  'mfa-reset': (name: string) =>
    `The authenticator of ${name} no longer works, and they are signed out everywhere. They and the Admins of their account get a mail about it.`,
  unlocked: (name: string) => `${name} can try to sign in again, and gets a mail about it.`,
  invited: (name: string) =>
    `The invitation of ${name} is on its way. Its link works once, for ${durationText(LINK_LIFE_MS.invitation)}.`,
  'invitation-resent': (name: string) => `A new invitation for ${name} is on its way.`,
  'invitation-withdrawn': () => 'The invitation is withdrawn.',
  'profile-changed': (name: string) => `The profile of ${name} is saved.`,
  'email-change-asked': (name: string) =>
    `A mail with a link is on its way to the new address of ${name}. The present one stays until the link is opened.`,
  'role-groups-changed': (name: string) => `The role groups of ${name} are saved.`,
  'role-groups-waiting': (name: string) =>
    `The change waits for a second agent. Until it is approved ${name} keeps the present role groups.`,
  'sessions-ended': (name: string) =>
    `${name} is signed out everywhere, and gets a mail about it. They can sign in again.`,
  disabled: (name: string) => `The account of ${name} is disabled, and they are signed out everywhere.`,
  'enabling-waits': (name: string) => `${name} can sign in again when a second agent has approved it.`,
  'erasing-waits': (name: string) => `Nothing of ${name} is erased until a second agent has approved it.`,
  // By now the name is the pseudonym.
  erased: (name: string) =>
    `The person is erased, and their address is free again. The audit log calls them ${name}.`,
  enabled: (name: string) => `${name} can sign in again.`,
} as const

/** Redirects to `page`, which says what was done to which user. It may have a query and a fragment. */
export function goOnAfter(res: Response, act: keyof typeof ACTS, userId: string, page: string): void {
  const [path = page] = page.split(/[?#]/)
  writeNotice(res, path, { name: act, about: userId })
  res.redirect(303, page)
}

/** `clientId`: the account of the page; undefined for a page about all accounts. */
export async function readActNotice(db: Reader, req: Request, clientId?: string) {
  const done = readNotice(req, ACTS)
  if (!done?.about) return null
  const [person] = await db
    .select({ name: users.name, status: users.status })
    .from(users)
    .where(and(eq(users.id, done.about), clientId === undefined ? undefined : eq(users.clientId, clientId)))
  if (!person) return null
  return {
    userId: done.about,
    text: ACTS[done.name](person.name),
    // A withdrawn or erased user has no page.
    page: person.status === 'withdrawn' ? '' : `/users/${done.about}`,
  }
}

export function actNoticeOn(req: Request, person: { id: string; name: string }): string | null {
  return noticeAbout(req, ACTS, person)
}

/** Where an act leads back to: the row or the page of the user that it was begun from, or else `page`. */
export function returnOf({ config }: Deps, req: Request, userId: string, page: string): Return {
  return returnTo(req.query.back, config.PUBLIC_URL, userId, page)
}

export function usersPageOf(viewer: Pick<Person, 'clientId'>, clientId: string): string {
  return viewer.clientId === clientId ? '/users' : `/clients/${clientId}/users`
}
