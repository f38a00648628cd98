// Prevents open redirects: a typed or mailed link must not lead off the origin after sign-in. Pure.

export function ownPath(target: unknown, publicUrl: string): string | null {
  if (typeof target !== 'string' || !/^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(target)) return null
  if (!URL.canParse(target, publicUrl)) return null
  const url = new URL(target, publicUrl)
  const path = url.pathname + url.search
  // Dot segments may resolve to '//host', which a browser takes for another host.
  return url.origin === publicUrl && !path.startsWith('//') ? path : null
}

/** The path of a page that leads on to `next`. */
export function pathWithNext(page: string, next: string | null): string {
  return next === null ? page : `${page}?next=${encodeURIComponent(next)}`
}
