import type { Request, Response } from 'express'
import { noticeAbout, writeNotice } from '../platform/http/notice.ts'

const ACTS = {
  'application-registered': (name: string) => `${name} is registered.`,
  'application-changed': (name: string) => `The changes of ${name} are saved.`,
  'accounts-saved': (name: string) => `The accounts whose people may enter ${name} are saved.`,
  'application-disabled': (name: string) =>
    `${name} is disabled: no one can enter it, and its open sessions end.`,
  'application-enabled': (name: string) => `People can enter ${name} again.`,
  'secret-ended': (name: string) => `That secret of ${name} does not work any more.`,
} as const

export type ApplicationNotice = keyof typeof ACTS

/** Leads to a page of the application, which says once what was done. */
export function goOnAfter(
  res: Response,
  act: ApplicationNotice,
  applicationId: string,
  page = `/applications/${applicationId}`,
): void {
  writeNotice(res, page, { name: act, about: applicationId })
  res.redirect(303, page)
}

/** What was done before this page, or null. */
export function applicationNoticeOn(req: Request, application: { id: string; name: string }): string | null {
  return noticeAbout(req, ACTS, application)
}
