// Text typed into forms. Pure.
import { z } from 'zod'

/** White space, marks, format characters, and blanks among the letters and symbols, such as that of Braille. */
const INVISIBLE =
  /^[\p{White_Space}\p{M}\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\u{1d159}\u{13441}\u{13442}]*$/u

/** One line of at most `max` characters, with a visible one. */
export function typedLine(max: number) {
  return z.string().transform(inOneLine).pipe(z.string().max(max).refine(isVisible))
}

/** Control and bidirectional characters become spaces: they could forge lines or reverse the text around them. */
export function inOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\s]+/gu, ' ').trim()
}

/** An invisible name would be a gap in a list and a link without text. */
export function isVisible(text: string): boolean {
  return !INVISIBLE.test(text)
}

export function wrongFields<Field extends string>(error: z.ZodError, fields: readonly Field[]): Field[] {
  return fields.filter((field) => error.issues.some(({ path: [first] }) => first === field))
}

export function typedFields<const Name extends string>(
  body: unknown,
  names: readonly Name[],
): Record<Name, string> {
  const form = (body ?? {}) as Record<string, unknown>
  const typed = names.map((name) => [name, typeof form[name] === 'string' ? form[name] : ''])
  return Object.fromEntries(typed) as Record<Name, string>
}
