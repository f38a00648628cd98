import type { Response } from 'express'
import type { LinkPurpose } from '../platform/crypto/link-token.ts'

/** 410 for a link that is used, over, replaced or unknown: all alike, with how to get a new one. */
export function renderLinkGone(res: Response, purpose: LinkPurpose): void {
  res.status(410).render('sign-in/link-gone', { purpose })
}
