import type { KoaContextWithOIDC } from 'oidc-provider'
import { renderInto, requestIn } from './request-context.ts'

/** RP-Initiated Logout 1.0, section 2: asks whether the person wants to sign out of the gate too. */
export async function renderSignOut(ctx: KoaContextWithOIDC): Promise<void> {
  const { client, session } = ctx.oidc
  await renderInto(ctx, 'oidc/sign-out', {
    application: client?.clientName,
    email: requestIn(ctx).session.metadata?.person?.email,
    xsrf: session?.state?.secret,
  })
}

/** Where a sign-out ends for which the application gave no address. */
export function renderSignedOut(ctx: KoaContextWithOIDC): void {
  ctx.status = 303
  ctx.redirect('/')
}
