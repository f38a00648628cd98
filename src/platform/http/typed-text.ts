// What people type into a form, made fit to be kept and shown: pure.
import { z } from 'zod'

/**
 * What alone shows nothing: white space, marks, what steers the text around it, and blanks that Unicode takes for
 * letters or symbols, such as those of Braille. What Unicode does not know yet is drawn as a box, and seen.
 */
const UNSEEN =
  /^[\p{White_Space}\p{M}\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\u{1d159}\u{13441}\u{13442}]*$/u

/**
 * One line of at most `max` characters of which something can be seen. Control and bidirectional characters and runs of
 * white space become one space: they can forge lines, turn text round, and PostgreSQL keeps one of them not at all.
 */
export function typedLine(max: number) {
  return z.string().transform(inOneLine).pipe(z.string().max(max).refine(canBeSeen))
}

/** Stays within its line and its sentence: no control or bidirectional character. */
export function inOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\s]+/gu, ' ').trim()
}

/** There is something to read, or to click on: a name without is a gap in a list and a link that nobody finds. */
export function canBeSeen(text: string): boolean {
  return !UNSEEN.test(text)
}

/** The names of the fields that a form has wrong, once each. */
export function wrongFields<Field extends string>(error: z.ZodError, fields: readonly Field[]): Field[] {
  return fields.filter((field) => error.issues.some(({ path: [first] }) => first === field))
}

/** What was typed into these fields of a form, to be shown again; empty where nothing readable was. */
export function typedFields<const Name extends string>(
  body: unknown,
  names: readonly Name[],
): Record<Name, string> {
  const form = (body ?? {}) as Record<string, unknown>
  const typed = names.map((name) => [name, typeof form[name] === 'string' ? form[name] : ''])
  return Object.fromEntries(typed) as Record<Name, string>
}
