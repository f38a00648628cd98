// Why a session was ended before its time. Pure.

export type SessionEnd =
  | 'mfa-reset'
  | 'disabled'
  | 'suspended'
  | 'password-changed'
  | 'address-changed'
  | 'authenticator-replaced'
  | 'ended-elsewhere'
  | 'ended-by-admin'
  | 'invitation-closed'
