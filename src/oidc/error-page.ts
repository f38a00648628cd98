import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider'
import { renderInto } from './request-context.ts'

const PAGES = {
  expired: {
    title: 'This sign-in cannot be continued',
    advice:
      'It took too long, was finished in another tab, or was begun by another person. Go back to the application and start again.',
  },
  unknown: {
    title: 'The application that sent you here is not known',
    advice:
      'It is not registered, or it was switched off. Tell its operators or the Service Desk, and give them the reference below.',
  },
  application: {
    title: 'The application sent you here with a wrong request',
    advice:
      'This is a fault of the application, not yours, and signing in again does not help. Tell its operators, and give them the reference below.',
  },
}

/** The page of an error that is not sent back to the application. What exactly was wrong stands in the audit log. */
export async function renderError(ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): Promise<void> {
  const page =
    error.name === 'SessionNotFound' ? 'expired' : out.error === 'invalid_client' ? 'unknown' : 'application'
  await renderInto(ctx, 'errors/error', { status: ctx.status, mayTryAgain: false, ...PAGES[page] })
}
