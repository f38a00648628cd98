import type { Express } from 'express'
import nunjucks from 'nunjucks'
import { exactText, instantText } from '../time/instant-text.ts'
import { openTemplates } from './open-templates.ts'

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
          // Global, as macros see nothing else; they hold for this page, since nothing is awaited while rendering.
          views.addGlobal('timeZone', context.timeZone ?? 'UTC')
          views.addGlobal('isFirstAlert', trueOnce())
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

/** The views of the pages. */
export function createViews(): nunjucks.Environment {
  const views = openTemplates({ autoescape: true })
  views.addGlobal('timeZone', 'UTC')
  views.addFilter('instant', (instant: Date) => timeElement(instant, views.getGlobal('timeZone')))
  return views
}

function trueOnce(): () => boolean {
  let asked = false
  return () => {
    const isFirst = !asked
    asked = true
    return isFirst
  }
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
