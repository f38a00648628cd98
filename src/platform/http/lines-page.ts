// A page of the numbered lines of an import or a bulk act. Pure.
import { z } from 'zod'
import { choice, listHref } from './list-query.ts'

const LINES_SHOWN = 100

const query = z.object({
  show: choice(['refused']),
  after: z.coerce.number().int().min(0).max(1_000_000).catch(0),
})

export interface LinesQuery {
  show: 'refused' | ''
  refusedOnly: boolean
  after: number
  /** One more than the page shows. */
  limit: number
}

export function readLinesQuery(asked: unknown): LinesQuery {
  const { show, after } = query.parse(asked)
  return { show, refusedOnly: show === 'refused', after, limit: LINES_SHOWN + 1 }
}

/** The lines shown, and the addresses around them; `progress` is polled. */
export function linesPage<Line extends { line: number }>(
  path: string,
  { show, after }: LinesQuery,
  lines: readonly Line[],
) {
  const shown = lines.slice(0, LINES_SHOWN)
  return {
    shown,
    show,
    progress: listHref(`${path}/progress`, { show, after: after > 0 ? String(after) : '' }),
    first: after > 0 && listHref(path, { show }),
    next: lines.length > LINES_SHOWN && listHref(path, { show, after: String(shown.at(-1)?.line ?? 0) }),
  }
}
