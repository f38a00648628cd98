import type { Express } from 'express'
import nunjucks from 'nunjucks'
import { exactText, instantText } from '../time/instant-text.ts'
import { openTemplates } from './open-templates.ts'

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
          // Macros see globals only. Rendering is synchronous, so no other page changes them.
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

export function createViews(): nunjucks.Environment {
  const views = openTemplates({ autoescape: true })
  views.addGlobal('timeZone', 'UTC')
  views.addFilter('instant', (instant: Date) => timeElement(instant, views.getGlobal('timeZone')))
  views.addFilter('ago', (instant: Date, ago: string) =>
    agoElement(instant, ago, views.getGlobal('timeZone')),
  )
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

/** Pages repeat instants, and formatting one takes as long as half a small page. */
const CACHE_SIZE = 10_000
const timeElements = new Map<string, nunjucks.runtime.SafeString>()
const instants = new Map<string, string>()

function timeElement(instant: Date, timeZone: string): nunjucks.runtime.SafeString {
  return cached(`${instant.getTime()} ${timeZone}`, timeElements, () => {
    const exact = exactText(instant)
    return new nunjucks.runtime.SafeString(
      `<time datetime="${instant.toISOString()}" title="${exact}">${instantText(instant, timeZone)}<span class="visually-hidden"> (${exact})</span></time>`,
    )
  })
}

/** '3 days ago', with the instant for the pointer and for screen readers. */
function agoElement(instant: Date, ago: string, timeZone: string): nunjucks.runtime.SafeString {
  const text = cached(`${instant.getTime()} ${timeZone}`, instants, () => instantText(instant, timeZone))
  return new nunjucks.runtime.SafeString(
    `<time datetime="${instant.toISOString()}" title="${text}">${ago}<span class="visually-hidden"> (${text})</span></time>`,
  )
}

function cached<Value>(key: string, known: Map<string, Value>, make: () => Value): Value {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make()
  if (known.size >= CACHE_SIZE) known.clear()
  known.set(key, made)
  return made
}
