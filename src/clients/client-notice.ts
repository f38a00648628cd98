import type { Request, Response } from 'express'
import { noticeAbout, writeNotice } from '../platform/http/notice.ts'

const ACTS = {
  'client-created': (name: string) => `${name} is created. The invitation of its first Admin is on its way.`,
  'client-renamed': (name: string) => `The account is called ${name} from now on.`,
  'client-support-changed': (name: string) =>
    `The support contact of ${name} is saved. Gate pages and mails show it from now on.`,
  'client-logo-changed': (name: string) => `The logo of ${name} is shown from now on.`,
  'client-logo-removed': (name: string) => `${name} has no logo of its own any more.`,
  'client-time-zone-changed': (name: string) =>
    `The time zone of ${name} is saved. Mails to its people give times in it from now on.`,
  'client-suspended': (name: string) =>
    `${name} is suspended, and everyone in it is signed out. Its Admins are told by mail.`,
  'client-resumed': (name: string) => `People in ${name} can sign in again. Its Admins are told by mail.`,
} as const

export function goOnAfter(res: Response, act: keyof typeof ACTS, clientId: string): void {
  const page = `/clients/${clientId}`
  writeNotice(res, page, { name: act, about: clientId })
  res.redirect(303, page)
}

export function clientNoticeOn(req: Request, account: { id: string; name: string }): string | null {
  return noticeAbout(req, ACTS, account)
}
