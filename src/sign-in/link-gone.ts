import type { Response } from 'express'
import type { LinkPurpose } from '../platform/crypto/link-token.ts'

/** 410 alike for a link that is used, expired, replaced or unknown. */
export function renderLinkGone(res: Response, purpose: LinkPurpose): void {
  res.status(410).render('sign-in/link-gone', { purpose })
}
