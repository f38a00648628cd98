import { join } from 'node:path'
import type { Express } from 'express'
import nunjucks from 'nunjucks'
import { DAY, HOUR, MINUTE } from '../durations.ts'
import { exactText, instantText } from '../instant-text.ts'
import { PROJECT_ROOT } from '../project-root.ts'

const VIEWS = join(PROJECT_ROOT, 'views')

/**
 * Makes `res.render('sign-in/sign-in', …)` render the views. Nunjucks' own binding to Express renders through a
 * callback, which costs as much again as the rendering.
 */
export function useViews(app: Express, views: nunjucks.Environment): void {
  app.set(
    'view',
    class {
      readonly path: string
      constructor(name: string) {
        this.path = `${name}.njk`
      }
      render(context: { timeZone?: string }, done: (error: unknown, html?: string) => void): void {
        let html: string
        try {
          // Global, as macros see nothing else; it holds for this page, since nothing is awaited while rendering.
          views.addGlobal('timeZone', context.timeZone ?? 'UTC')
          html = views.render(this.path, context)
        } catch (error) {
          done(error)
          return
        }
        done(null, html)
      }
    },
  )
}

/**
 * The views of the pages. With `cache` each file is read once. A name that is missing, undefined or null throws when it is printed.
 */
export function createViews(options: { cache: boolean }): nunjucks.Environment {
  const loader = new nunjucks.FileSystemLoader(VIEWS, { noCache: !options.cache, watch: false })
  const views = new nunjucks.Environment(loader, {
    autoescape: true,
    throwOnUndefined: true,
    trimBlocks: true,
    lstripBlocks: true,
  })
  views.addGlobal('timeZone', 'UTC')
  views.addFilter('instant', (instant: Date) => timeElement(instant, views.getGlobal('timeZone')))
  views.addFilter('duration', durationText)
  return views
}

/** Pages show the same instants again and again, and writing one takes as long as half a small page. */
const REMEMBERED_AT_MOST = 10_000
const remembered = new Map<string, nunjucks.runtime.SafeString>()

/** In the reader's time zone; the exact instant on hover, and for those who hear the page. */
function timeElement(instant: Date, timeZone: string): nunjucks.runtime.SafeString {
  const key = `${instant.getTime()} ${timeZone}`
  const known = remembered.get(key)
  if (known) return known
  const exact = exactText(instant)
  const element = new nunjucks.runtime.SafeString(
    `<time datetime="${instant.toISOString()}" title="${exact}">${instantText(instant, timeZone)}<span class="visually-hidden"> (${exact})</span></time>`,
  )
  if (remembered.size >= REMEMBERED_AT_MOST) remembered.clear()
  remembered.set(key, element)
  return element
}

const UNITS = [
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
] as const

/** Milliseconds in words, '1 hour 30 minutes'; rounded up to the minute. */
export function durationText(milliseconds: number): string {
  let left = Math.max(1, Math.ceil(milliseconds / MINUTE)) * MINUTE
  const parts: string[] = []
  for (const [unit, length] of UNITS) {
    const count = Math.floor(left / length)
    left -= count * length
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? '' : 's'}`)
  }
  return parts.join(' ')
}
