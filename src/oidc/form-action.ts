import type { KoaContextWithOIDC } from 'oidc-provider'

/**
 * Browsers apply `form-action` to the redirect after a form too. These pages have a form whose answer leads to the
 * application, at an address that the provider has found among the registered ones.
 */
export async function allowFormToReturn(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next()
  const target = returnAddress(ctx)
  if (target === undefined || ctx.status !== 200) return
  const policy = ctx.response.get('Content-Security-Policy')
  ctx.set('Content-Security-Policy', policy.replace(/form-action [^;]*/, `$& ${new URL(target).origin}`))
}

function returnAddress({ oidc }: KoaContextWithOIDC): string | undefined {
  if (oidc?.route === 'end_session') return text(oidc.params?.post_logout_redirect_uri)
  const isForm = oidc?.params?.response_mode === 'form_post' && oidc.client !== undefined
  return isForm ? text(oidc.params?.redirect_uri) : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && URL.canParse(value) ? value : undefined
}
