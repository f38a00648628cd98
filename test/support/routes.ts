// The routes that an Express router has, read from the router itself.
import assert from 'node:assert/strict'

export interface Route {
  /** 'ALL' for a route that takes every method. */
  method: string
  /** As it was declared, such as '/users/:id'. */
  path: string
}

/** What a router of Express 5 keeps of what was declared in it. */
interface Layer {
  rawPath: unknown
  route?: { path: unknown; methods: Record<string, boolean> }
  handle: unknown
}

/** Every route of a router and of the routers mounted in it. */
export function routesOf(router: unknown, mountedAt = ''): Route[] {
  return layersOf(router).flatMap(({ rawPath, route, handle }): Route[] => {
    if (!route) {
      const nested = layersOf(handle)
      if (nested.length === 0) return []
      return pathsOf(rawPath).flatMap((path) => routesOf(handle, path === '/' ? mountedAt : mountedAt + path))
    }
    return pathsOf(route.path).flatMap((path) =>
      Object.keys(route.methods).map((method) => ({
        method: method === '_all' ? 'ALL' : method.toUpperCase(),
        path: mountedAt + path,
      })),
    )
  })
}

function layersOf(router: unknown): Layer[] {
  const isRouter = typeof router === 'function' && 'stack' in router && Array.isArray(router.stack)
  return isRouter ? (router.stack as Layer[]) : []
}

function pathsOf(path: unknown): string[] {
  return [path].flat().map((single) => {
    assert.ok(typeof single === 'string', `a path that is no text is unknown here: ${single}`)
    return single
  })
}
