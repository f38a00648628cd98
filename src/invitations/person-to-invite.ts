// The address and name of a person to invite. Pure.
import { z } from 'zod'
import { canonicalEmail, MAX_EMAIL_LENGTH } from '../platform/http/email-address.ts'
import { isVisible } from '../platform/http/typed-text.ts'

const MAX_NAME_LENGTH = 100

/** CSV injection (OWASP): a spreadsheet runs a cell that begins like this as a formula. */
const FORMULA = /^[=+\-@]/

/** Would break a name out of its line or text direction in mails and lists. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

/** Mail programs turn this into a link, so a name could carry spam in our mails. 'A.Khan' and 'Ravi s/o Muthu' are names. */
const LINK = /@|\/\/|[\p{L}\p{N}-]{2}\.\p{L}{2}|\.\p{L}{2,}\//iu

export type EmailProblem = 'bad-address' | 'not-ascii' | 'formula'
export type NameProblem = 'no-name' | 'long-name' | 'bad-name' | 'link' | 'formula'

export const EMAIL_PROBLEMS: Readonly<Record<EmailProblem, string>> = {
  'bad-address': 'Enter a complete e-mail address, such as name@company.example.',
  'not-ascii':
    'Use plain letters a to z without accents: this address has another character in it, which may only look like one.',
  formula: 'An address cannot begin with =, +, - or @.',
}

export const NAME_PROBLEMS: Readonly<Record<NameProblem, string>> = {
  'no-name': 'Enter their name.',
  'long-name': 'Enter a name of at most 100 characters.',
  'bad-name': 'Enter the name in one line, without control characters.',
  link: 'A name cannot look like a web or e-mail address. After a dot, a space helps.',
  formula: 'A name cannot begin with =, +, - or @.',
}

/** Does not reveal whose address it is, nor in which account. */
export const ADDRESS_TAKEN = 'A user with this address exists already. An address can be used only once.'

/** RFC 2606: no mailbox exists there. Withdrawn users get such an address, see `withdraw`. */
const RESERVED = /\.invalid$/

const address = z.email().max(MAX_EMAIL_LENGTH)

export function readEmail(typed: string): { email: string } | { problem: EmailProblem } {
  const email = canonicalEmail(typed)
  if (FORMULA.test(email)) return { problem: 'formula' }
  if (RESERVED.test(email)) return { problem: 'bad-address' }
  // Prevents addresses that look like another person's.
  if (/\P{ASCII}/u.test(email)) return { problem: 'not-ascii' }
  return address.safeParse(email).success ? { email } : { problem: 'bad-address' }
}

export function readName(typed: string): { name: string } | { problem: NameProblem } {
  const name = typed.trim().replace(/[ \t\u00a0]+/g, ' ')
  if (!isVisible(name)) return { problem: 'no-name' }
  if (FORMULA.test(name)) return { problem: 'formula' }
  if (name.length > MAX_NAME_LENGTH) return { problem: 'long-name' }
  if (UNPRINTABLE.test(name)) return { problem: 'bad-name' }
  return LINK.test(name) ? { problem: 'link' } : { name }
}
