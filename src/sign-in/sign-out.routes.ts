import { Router } from 'express'
import type { Deps } from '../deps.ts'
import { signOut } from './sign-out.ts'

export function signOutRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  routes.post('/sign-out', (req, res) => signOut(deps, req, res))
  return routes
}
