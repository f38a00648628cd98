// Who can be invited: what an address and a name must be. Pure.
import { z } from 'zod'
import { canonicalEmail, MAX_EMAIL_LENGTH } from '../platform/http/email-address.ts'
import { isVisible } from '../platform/http/typed-text.ts'

const MAX_NAME_LENGTH = 100

/** A spreadsheet takes a cell that begins so for a formula, wherever a list of people may be opened one day. */
const FORMULA = /^[=+\-@]/

/** What a name must not carry: it stands in mails and lists, in one line and in its own direction. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

/**
 * Mails greet by name, and mail programs make a link of whatever looks like an address: nobody's message may be sent
 * in our name. 'A.Khan' and 'Ravi s/o Muthu' are names.
 */
const LINK = /@|\/\/|[\p{L}\p{N}-]{2}\.\p{L}{2}|\.\p{L}{2,}\//iu

export type EmailProblem = 'bad-address' | 'not-ascii' | 'formula'
export type NameProblem = 'no-name' | 'long-name' | 'bad-name' | 'link' | 'formula'

/** The sentence for each, beside the field. */
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

/** Does not say whose it is, nor where: that is none of the inviter's business. */
export const ADDRESS_TAKEN =
  'Somebody with this address already has an account. An address can be used only once.'

/** RFC 2606: nobody can have an address there, and withdrawn people do (see `withdraw`). */
const NOBODYS = /\.invalid$/

const address = z.email().max(MAX_EMAIL_LENGTH)

/** The canonical address, or what is wrong with it. */
export function readEmail(typed: string): { email: string } | { problem: EmailProblem } {
  const email = canonicalEmail(typed)
  if (FORMULA.test(email)) return { problem: 'formula' }
  if (NOBODYS.test(email)) return { problem: 'bad-address' }
  // Else somebody could be invited under an address that looks like another person's.
  if (/\P{ASCII}/u.test(email)) return { problem: 'not-ascii' }
  return address.safeParse(email).success ? { email } : { problem: 'bad-address' }
}

/** The name in one line, or what is wrong with it. */
export function readName(typed: string): { name: string } | { problem: NameProblem } {
  const name = typed.trim().replace(/[ \t\u00a0]+/g, ' ')
  if (!isVisible(name)) return { problem: 'no-name' }
  if (FORMULA.test(name)) return { problem: 'formula' }
  if (name.length > MAX_NAME_LENGTH) return { problem: 'long-name' }
  if (UNPRINTABLE.test(name)) return { problem: 'bad-name' }
  return LINK.test(name) ? { problem: 'link' } : { name }
}
