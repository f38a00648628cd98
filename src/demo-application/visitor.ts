// Who a person is, from the answer of userinfo. Pure.
import { z } from 'zod'

const claims = z.object({
  name: z.string().catch('you'),
  email: z.string().catch(''),
  groups: z.array(z.string()).catch([]),
  account: z.object({ name: z.string() }).catch({ name: '' }),
  acr: z.string().catch(''),
  auth_time: z.number().nullable().catch(null),
})

export interface Visitor {
  name: string
  email: string
  groups: string[]
  account: string
  withAuthenticator: boolean
  authenticatedAt: Date | null
}

export function visitorOf(userinfo: unknown): Visitor {
  const { account, acr, auth_time: authTime, ...rest } = claims.parse(userinfo)
  return {
    ...rest,
    account: account.name,
    withAuthenticator: acr === 'urn:portcullis:mfa',
    authenticatedAt: authTime === null ? null : new Date(authTime * 1000),
  }
}
