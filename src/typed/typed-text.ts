// What people type into a form, made fit to be kept and shown: pure.
import { z } from 'zod'

/**
 * One line of at most `max` characters that is not empty. Control and bidirectional characters and runs of white
 * space become one space: they can forge lines, turn text round, and PostgreSQL keeps one of them not at all.
 */
export function typedLine(max: number) {
  return z.string().transform(inOneLine).pipe(z.string().min(1).max(max))
}

/** Stays within its line and its sentence: no control or bidirectional character. */
export function inOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\s]+/gu, ' ').trim()
}

/** The names of the fields that a form has wrong, once each. */
export function wrongFields<Field extends string>(error: z.ZodError, fields: readonly Field[]): Field[] {
  return fields.filter((field) => error.issues.some(({ path: [first] }) => first === field))
}
