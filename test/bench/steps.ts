/** The pages of a sign-in, in order. */
export const STEPS = ['sign-in page', 'password', 'code page', 'code', 'dashboard'] as const
