// Cookies of the gate at the host of an application. Pure.

/** The prefix keeps sibling hosts and pages without https from setting them. */
export function passCookieName(secure: boolean): string {
  return secure ? '__Host-portcullis' : 'portcullis'
}

/** Binds a hand-over to the browser that began it. */
export function begunCookieName(secure: boolean): string {
  return secure ? '__Host-portcullis-begun' : 'portcullis-begun'
}

const TOKEN = /^[A-Za-z0-9_-]{43}$/

/** Whether it has the form of a token or of its SHA-256: 32 bytes as base64url. */
export function isToken(text: unknown): text is string {
  return typeof text === 'string' && TOKEN.test(text)
}

/** 32 random bytes as base64url. Undefined if malformed or sent twice: without the prefix, a sibling host may set one. */
export function tokenInCookie(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '').split(';').flatMap((pair) => {
    const [key = '', ...value] = pair.split('=')
    return key.trim() === name ? [value.join('=').trim()] : []
  })
  const [value] = values
  return values.length === 1 && isToken(value) ? value : undefined
}
