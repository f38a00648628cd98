import type { Request } from 'express'

/** The pattern of the route that answers, such as '/users/:id'; null if none does. Never the URL, which may hold a token. */
export function routeOf(req: Request): string | null {
  const path: unknown = req.route?.path
  return typeof path === 'string' ? req.baseUrl + path : null
}
