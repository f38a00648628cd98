// The form in which a person changes their own password. Pure.
import { MAX_PASSWORD_LENGTH, passwordProblem, SAME_PASSWORD } from '../sign-in/password-rules.ts'

/** The sentence beside each field; empty where nothing is wrong. */
export interface PasswordProblems {
  currentPassword: string
  password: string
}

export function problemsOf(found: Partial<PasswordProblems>): PasswordProblems {
  return { currentPassword: '', password: '', ...found }
}

/** Both passwords, or what is wrong with them. Nothing here is compared with what is stored. */
export function readPasswords(
  body: Record<string, unknown>,
  owner: { email: string; name: string },
): { ok: true; current: string; chosen: string } | { ok: false; problems: PasswordProblems } {
  const { currentPassword: current, password: chosen } = body
  const unsuitable = passwordProblem(chosen, owner)
  if (!isTyped(current) || typeof chosen !== 'string' || unsuitable !== null) {
    const currentPassword = isTyped(current) ? '' : 'Enter your current password.'
    return { ok: false, problems: { currentPassword, password: unsuitable ?? '' } }
  }
  if (current === chosen) return { ok: false, problems: problemsOf({ password: SAME_PASSWORD }) }
  return { ok: true, current, chosen }
}

function isTyped(password: unknown): password is string {
  return typeof password === 'string' && password !== '' && password.length <= MAX_PASSWORD_LENGTH
}
