import { errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import { lastProofAt } from '../access/step-up.ts'
import { MFA_ACR, PASSWORD_ACR } from '../applications/claims.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { SECOND } from '../platform/time/durations.ts'
import { enterApplication } from './enter-application.ts'
import { grantGiven } from './grant-in-use.ts'
import { originIn } from './request-context.ts'
import { SCOPES } from './scopes.ts'
import { type SignedIn, signedInBy } from './signed-in.ts'

const REFUSALS = {
  disabled: 'This application is switched off.',
  client: 'Your account may not use this application.',
  'role-group': 'Your role groups may not use this application.',
  superseded: 'Your session has ended.',
} as const

/**
 * What must be true before a code is issued, asked at the first request and again after each interaction. Who a person
 * is comes from the session of the browser that asks, never from an interaction: its cookies may be an attacker's.
 */
export function promptsOf(deps: Deps): interactionPolicy.Prompt[] {
  const { Check, Prompt } = interactionPolicy
  const { clock } = deps
  const here = (ctx: KoaContextWithOIDC) => signedInBy(ctx.req, clock)
  /** When the application asked first. Stored with the interaction, by our clock. */
  const askedAt = (ctx: KoaContextWithOIDC) => askedAtOf(ctx.oidc.entities.Interaction?.prompt.details)
  const details = (ctx: KoaContextWithOIDC) => ({ askedAt: askedAt(ctx) ?? clock.now().getTime() })
  const authenticatedSince = (ctx: KoaContextWithOIDC, since: number) => provenAt(here(ctx)) >= since

  const login = new Prompt(
    { name: 'login', requestable: true },
    details,
    new Check('no_session', 'no person is signed in', 'login_required', (ctx) => here(ctx) === null),
    new Check('max_age', 'the authentication is too old', 'login_required', (ctx) => {
      const { max_age: maxAge } = ctx.oidc.params ?? {}
      if (maxAge === undefined) return false
      const oldest = clock.now().getTime() - Number(maxAge) * SECOND
      return !authenticatedSince(ctx, Math.min(askedAt(ctx) ?? Number.POSITIVE_INFINITY, oldest))
    }),
  )
  const idTokenHint = interactionPolicy.base().get('login')?.checks.get('id_token_hint')
  if (!idTokenHint) throw new Error('the provider has no check of id_token_hint')
  login.checks.add(idTokenHint)
  // Replaces the check of the provider, which trusts the result of the interaction.
  login.checks.remove('login_prompt')
  login.checks.add(
    new Check('login_prompt', 'the person must authenticate again', 'login_required', (ctx) => {
      const since = askedAt(ctx)
      return ctx.oidc.prompts.has('login') && (since === undefined || !authenticatedSince(ctx, since))
    }),
  )

  const consent = new Prompt({ name: 'consent', requestable: true }, details)
  const entry = new Prompt(
    { name: 'entry' },
    details,
    new Check('mfa', 'a second factor is required', 'interaction_required', (ctx) =>
      enter(deps, ctx, here(ctx)),
    ),
  )
  return [login, consent, entry]
}

/** Opens the grant. Returns whether the person must set up MFA first. */
async function enter(deps: Deps, ctx: KoaContextWithOIDC, here: SignedIn | null): Promise<boolean> {
  const { client, session, provider } = ctx.oidc
  if (!here || !client || !session) throw new Error('an application is entered without a sign-in')
  const applicationId = client.clientId
  const opened = await openedGrant(deps, ctx, here.session, applicationId)
  if (!opened) return true
  const { id, sid } = opened
  const grant = await provider.Grant.find(id)
  if (!grant) throw new errors.AccessDenied(REFUSALS.superseded, 'superseded')
  ctx.oidc.entity('Grant', grant)
  session.sidFor(applicationId, sid)
  session.grantIdFor(applicationId, id)
  return false
}

/** Null: MFA is demanded and missing. */
async function openedGrant(
  deps: Deps,
  ctx: KoaContextWithOIDC,
  session: ActingSession,
  applicationId: string,
): Promise<{ id: string; sid: string } | null> {
  const demanded = demandsMfa(ctx.oidc.params?.acr_values)
  const given = await grantGiven(deps, { sessionId: session.sessionId, applicationId })
  // A person with an authenticator is signed in only after a code.
  if (given && (given.person.authenticator !== null || !demanded)) return given

  const request = { applicationId, demandsMfa: demanded, scope: SCOPES.join(' ') }
  const entered = await enterApplication(deps, session, request, originIn(ctx))
  if (entered.ok) return entered.grant
  if (entered.refusal === 'mfa') return null
  throw new errors.AccessDenied(REFUSALS[entered.refusal], entered.refusal)
}

/** A request that also accepts a password prefers MFA, but does not demand it. */
function demandsMfa(acrValues: unknown): boolean {
  const accepted = typeof acrValues === 'string' ? acrValues.split(' ') : []
  return accepted.includes(MFA_ACR) && !accepted.includes(PASSWORD_ACR)
}

function provenAt(here: SignedIn | null): number {
  return here ? lastProofAt(here.session) : 0
}

/** When the application asked first, in milliseconds, from the stored details of a prompt. */
export function askedAtOf(details: Record<string, unknown> | undefined): number | undefined {
  return typeof details?.askedAt === 'number' ? details.askedAt : undefined
}
