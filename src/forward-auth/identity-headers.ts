// The headers that tell an application who asks. Pure.
import type { IdentityClaims } from '../applications/claims.ts'

/**
 * Always all of them: a proxy may pass on the client's own value of a header that is missing here. All are ASCII, as
 * HTTP demands; the name is percent-encoded.
 */
export function identityHeaders(userId: string, { email, name, groups, account }: IdentityClaims) {
  return {
    'X-Portcullis-User': userId,
    'X-Portcullis-Email': email,
    'X-Portcullis-Name': encodeURIComponent(name),
    'X-Portcullis-Groups': groups.join(',') || '-',
    'X-Portcullis-Account': account.id,
  }
}
