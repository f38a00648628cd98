declare module 'fxa-common-password-list' {
  /** Whether a lower-case password is in the list. */
  export function test(password: string): boolean
}
