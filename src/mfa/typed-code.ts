// The code field as people fill it in: apps show '123 456', also with spaces that do not break. Nothing else is mended.

export const MISSING_CODE = 'Enter the six digits that your authenticator app shows.'

/** The typed code without spaces; null if there is none, or the field came more than once. */
export function typedCode(body: Record<string, unknown>): string | null {
  const { code } = body
  if (typeof code !== 'string') return null
  return withoutSpaces(code) || null
}

/** What stands between the digits does not matter, just as the field's own pattern takes it. */
export function withoutSpaces(code: string): string {
  return code.replace(/\s/g, '')
}
