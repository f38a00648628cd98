import type { Request, Response } from 'express'
import { CONTENT_TYPES } from './logo.ts'
import type { StoredLogo } from './logos.queries.ts'

/** Even opened as a page of its own, an SVG may then run, load and reach nothing. */
const INERT = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

/** `keep`: for good, since the address changes with the content. */
export function sendLogo(
  req: Request,
  res: Response,
  { hash, type, content }: StoredLogo,
  keep: 'public, max-age=31536000, immutable' | 'no-store',
): void {
  res.set({
    'Content-Security-Policy': INERT,
    'Content-Type': CONTENT_TYPES[type],
    'Cache-Control': keep,
    'X-Content-Type-Options': 'nosniff',
    ETag: `"${hash}"`,
  })
  if (req.fresh) res.status(304).end()
  else res.send(content)
}
