import { Router } from 'express'
import type { Deps } from '../deps.ts'
export function importRoutes(_deps: Deps): Router {
  return Router({ caseSensitive: true, strict: true })
}
