// The address of the OpenID Connect provider. Pure.

export function issuerOf(publicUrl: string): string {
  return `${publicUrl}/oidc`
}
