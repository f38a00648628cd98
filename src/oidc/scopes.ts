// The claims of each scope. Pure.

export const CLAIMS = {
  openid: ['sub', 'acr', 'amr', 'auth_time'],
  profile: ['name'],
  email: ['email', 'email_verified'],
  groups: ['groups'],
  account: ['account'],
}

/** Applications are registered by the Service Desk, so that a grant permits every scope and consent is not asked for. */
export const SCOPES = Object.keys(CLAIMS)
