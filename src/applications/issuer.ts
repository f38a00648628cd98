// The address of the OpenID Connect provider. Pure.

/** Everything of the provider is below this path. */
export const ISSUER_PATH = '/oidc'

/** The `iss` claim of all that the gate signs. */
export function issuerOf(publicUrl: string): string {
  return `${publicUrl}${ISSUER_PATH}`
}
