// Whether an application proves its identity with a client secret. Pure.

export function usesSecrets({ way, clientAuth }: { way: string; clientAuth: string }): boolean {
  return way === 'openid-connect' && clientAuth === 'client_secret_basic'
}
