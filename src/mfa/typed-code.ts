// The code as typed: apps show '123 456', also with no-break spaces.

export const MISSING_CODE = 'Enter the six digits that your authenticator app shows.'

/** The typed code without spaces; null if it is missing or repeated. */
export function typedCode(body: Record<string, unknown>): string | null {
  const { code } = body
  if (typeof code !== 'string') return null
  return withoutSpaces(code) || null
}

export function withoutSpaces(code: string): string {
  return code.replace(/\s/g, '')
}
