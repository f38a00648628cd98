// What may be a password. OWASP ASVS 5.0, 6.2: long enough, taken as it is, not a common one; no composition rules.
// Pure.
import { dictionary } from '@zxcvbn-ts/language-common'

/** The list only: the scoring of zxcvbn blocks the main thread for 8 to 14 seconds on a long password. */
const COMMON_PASSWORDS: ReadonlySet<string> = new Set(dictionary['passwords-common'])

const MIN_PASSWORD_LENGTH = 12
/** Refused before hashing, so that no request makes the server hash a megabyte. */
const MAX_PASSWORD_LENGTH = 256

export const SAME_PASSWORD = 'This is your current password. Choose another.'

export function passwordProblem(password: unknown, owner: { email: string; name: string }): string | null {
  if (typeof password !== 'string' || password === '') return 'Choose a password.'
  const length = lengthOf(password)
  if (length < MIN_PASSWORD_LENGTH) return `Use at least ${MIN_PASSWORD_LENGTH} characters.`
  if (length > MAX_PASSWORD_LENGTH) return `Use at most ${MAX_PASSWORD_LENGTH} characters.`
  if (isCommon(password) || isRepetition(password))
    return 'This password is among the first that attackers try. Choose another.'
  if (isAboutOwner(password, owner)) return 'Do not base your password on your name or e-mail address.'
  return null
}

/** A password to check; null if it cannot be one and needs no hashing. */
export function typedPassword(field: unknown): string | null {
  return typeof field === 'string' && field !== '' && lengthOf(field) <= MAX_PASSWORD_LENGTH ? field : null
}

/** In characters, as people count them: an emoji is one, though JavaScript says two. */
function lengthOf(password: string): number {
  return [...password].length
}

/** 'Password123!', 'qwertyqwerty': a common password, also with digits and signs around it, or over and over. */
function isCommon(password: string): boolean {
  const lowerCase = password.toLowerCase()
  const [core = ''] = /\p{L}.*\p{L}/su.exec(lowerCase) ?? []
  const [, piece = ''] = /^(.+?)\1+$/su.exec(lowerCase) ?? []
  return [lowerCase, core, piece].some((candidate) => COMMON_PASSWORDS.has(candidate))
}

/** 'aaaaaaaaaaaa', 'abcabcabcabc': a piece of at most four characters over and over. */
function isRepetition(password: string): boolean {
  return /^(.{1,4}?)\1+$/su.test(password)
}

/** 'nora.lindqvist', 'Nora Lindqvist 1990!': nothing but digits and signs is added. */
function isAboutOwner(password: string, { email, name }: { email: string; name: string }): boolean {
  const letters = lettersOf(password)
  const [localPart = ''] = email.split('@')
  return letters !== '' && [email, localPart, name].some((own) => lettersOf(own) === letters)
}

function lettersOf(text: string): string {
  return text.toLowerCase().replace(/\P{L}/gu, '')
}
