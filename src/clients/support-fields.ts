// The fields of a support contact. A link to anything but a page or a mail address could run a script. Pure.
import { z } from 'zod'
import { inOneLine } from '../platform/http/typed-text.ts'

const MAX_TEXT = 200
const MAX_LINK = 300

export const SUPPORT_FIELDS = ['supportText', 'supportLink', 'supportPhone'] as const

export const SUPPORT_PROBLEMS = {
  supportText: `At most ${MAX_TEXT} characters.`,
  supportLink: `Enter an address that begins with https:// or mailto:, at most ${MAX_LINK} characters.`,
  supportPhone: 'Enter a phone number: digits, spaces, brackets and hyphens, with + in front if you like.',
} as const

const optional = z.string().default('').transform(inOneLine)

export const supportText = optional.pipe(z.string().max(MAX_TEXT))
export const supportLink = optional.pipe(z.string().max(MAX_LINK).refine(isSafeLink))
export const supportPhone = optional.pipe(z.string().regex(/^(\+?[0-9][0-9 ()/.-]{2,29})?$/))

function isSafeLink(typed: string): boolean {
  if (typed === '') return true
  // A browser takes 'https:help' for a path of our own.
  return /^(https:\/\/|mailto:)/i.test(typed) && URL.canParse(typed)
}
