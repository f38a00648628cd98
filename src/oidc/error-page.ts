import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider'
import { refusalText } from '../applications/refusal-text.ts'
import type { Deps } from '../deps.ts'
import { renderInto } from './request-context.ts'
import { signedInBy } from './signed-in.ts'
import { readSwitchedOff } from './switched-off.queries.ts'

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
export function errorPage(deps: Pick<Deps, 'db' | 'clock'>) {
  return async (ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): Promise<void> => {
    const text = out.error === 'invalid_client' ? await whyUnknown(deps, ctx) : PAGES[reasonOf(error)]
    await renderInto(ctx, 'errors/error', { status: ctx.status, mayTryAgain: false, ...text })
  }
}

function reasonOf(error: Error) {
  return error.name === 'SessionNotFound' ? 'expired' : 'application'
}

/** To the provider, an application that is switched off is an unknown one. */
async function whyUnknown({ db, clock }: Pick<Deps, 'db' | 'clock'>, ctx: KoaContextWithOIDC) {
  const here = signedInBy(ctx.req, clock)
  const application = here && (await readSwitchedOff(db, ctx.oidc.params?.client_id, here.person))
  if (!application) return PAGES.unknown
  // No error of anyone: no number above it.
  return { ...refusalText('disabled', application, here.person), status: null }
}
