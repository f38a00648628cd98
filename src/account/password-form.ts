// The form in which a person changes their own password. Pure.
import { passwordProblem, SAME_PASSWORD, typedPassword } from '../sign-in/password-rules.ts'

export interface PasswordProblems {
  currentPassword: string
  password: string
}

export function problemsOf(found: Partial<PasswordProblems>): PasswordProblems {
  return { currentPassword: '', password: '', ...found }
}

export function readPasswords(
  body: Record<string, unknown>,
  owner: { email: string; name: string },
): { ok: true; current: string; chosen: string } | { ok: false; problems: PasswordProblems } {
  const current = typedPassword(body.currentPassword)
  const chosen = body.password
  const unsuitable = passwordProblem(chosen, owner)
  if (current === null || typeof chosen !== 'string' || unsuitable !== null) {
    const currentPassword = current === null ? 'Enter your current password.' : ''
    return { ok: false, problems: { currentPassword, password: unsuitable ?? '' } }
  }
  if (current === chosen) return { ok: false, problems: problemsOf({ password: SAME_PASSWORD }) }
  return { ok: true, current, chosen }
}
