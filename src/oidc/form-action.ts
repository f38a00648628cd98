import type { KoaContextWithOIDC } from 'oidc-provider'

/**
 * Browsers apply `form-action` to the redirect after a form too. These pages have a form whose answer leads to the
 * application, at one of its registered addresses.
 */
export async function allowFormToReturn(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next()
  const target = returnAddress(ctx)
  if (target === undefined) return
  const policy = ctx.response.get('Content-Security-Policy')
  ctx.set('Content-Security-Policy', policy.replace(/form-action [^;]*/, `$& ${new URL(target).origin}`))
}

function returnAddress({ oidc }: KoaContextWithOIDC): string | undefined {
  const { client, params, route } = oidc ?? {}
  if (!client) return undefined
  if (route === 'end_session') {
    const address = text(params?.post_logout_redirect_uri)
    return client.postLogoutRedirectUriAllowed(address) ? address : undefined
  }
  const address = params?.response_mode === 'form_post' ? text(params.redirect_uri) : ''
  return client.redirectUriAllowed(address) ? address : undefined
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
