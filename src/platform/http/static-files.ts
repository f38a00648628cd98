import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import express, { Router } from 'express'
import { PROJECT_ROOT } from '../project-root.ts'

const OURS = join(PROJECT_ROOT, 'static')
const HTMX = join(dirname(createRequire(import.meta.url).resolve('htmx.org')), 'htmx.min.js')
const options = { index: false, redirect: false, maxAge: '1h', dotfiles: 'ignore' } as const

export function staticFiles(): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  routes.get('/static/htmx.min.js', (_req, res) => {
    res.sendFile(HTMX, { maxAge: '1h', cacheControl: true })
  })
  routes.use('/static', express.static(OURS, options))
  routes.use('/static', (_req, res) => {
    res.sendStatus(404)
  })
  return routes
}
