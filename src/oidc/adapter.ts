import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider'
import type { Deps } from '../deps.ts'
import { readApplicationClient } from './application-client.queries.ts'
import { Artifacts, expiryFor, INTERACTION_LIFE_S } from './artifacts.ts'
import { endGrant } from './end-grant.ts'
import { grantInUse } from './grant-in-use.ts'
import { originIn } from './request-context.ts'
import { sessionAdapter } from './session-adapter.ts'

const NOTHING: Adapter = {
  upsert: refuse,
  find: async () => undefined,
  findByUserCode: async () => undefined,
  findByUid: async () => undefined,
  consume: refuse,
  destroy: refuse,
  // Of codes and tokens. They are deleted with their grant.
  revokeByGrantId: async () => undefined,
}

/** Where the provider stores what; the name of a model selects the adapter. */
export function adapterOf(deps: Deps): (model: string) => Adapter {
  return (model) => {
    switch (model) {
      case 'Client':
        return { ...NOTHING, find: (id) => readApplicationClient(deps, id) }
      case 'Session':
        return { ...NOTHING, ...sessionAdapter(deps) }
      case 'Grant':
        return { ...NOTHING, ...grantAdapter(deps) }
      case 'ReplayDetection':
        return { ...NOTHING, ...replayAdapter(new Artifacts(deps, model)) }
      case 'Interaction':
        return { ...NOTHING, ...interactionAdapter(new Artifacts(deps, model), deps.config.PUBLIC_URL) }
      case 'PushedAuthorizationRequest':
        return { ...NOTHING, ...pushedRequestAdapter(new Artifacts(deps, model)) }
      case 'AuthorizationCode':
      case 'RefreshToken':
        return { ...NOTHING, ...tokenAdapter(deps, model) }
      default:
        return { ...NOTHING, ...artifactAdapter(new Artifacts(deps, model)) }
    }
  }
}

async function refuse(): Promise<never> {
  throw new Error('the provider does not store this itself')
}

/** Grants are opened by `enterApplication`. */
function grantAdapter(deps: Deps): Partial<Adapter> {
  return {
    find: async (id) => {
      const grant = await grantInUse(deps, id)
      if (!grant) return undefined
      const exp = expiryFor(grant.expiresAt, deps.clock.now())
      return { ...grant.payload, jti: id, accountId: grant.person.id, clientId: grant.applicationId, exp }
    },
    // By the revocation endpoint, or after a reuse that the provider has noticed itself.
    destroy: (id) => {
      const { entities, route } = Provider.ctx?.oidc ?? {}
      const reused =
        route === 'token' ? (entities?.RefreshToken ? 'RefreshToken' : 'AuthorizationCode') : null
      return endGrant(deps, id, reused, originIn(Provider.ctx))
    },
  }
}

function artifactAdapter(artifacts: Artifacts): Partial<Adapter> {
  return {
    upsert: (id, payload, expiresIn = 0) => artifacts.save(id, payload, expiresIn),
    find: (id) => artifacts.find(id),
    destroy: (id) => artifacts.delete(id),
  }
}

/**
 * A request that was begun in time may be finished later, and twice: each sign-in that it began asks for it again, and
 * the first one consumes it. So it is kept as long as an interaction.
 */
function pushedRequestAdapter(artifacts: Artifacts): Partial<Adapter> {
  return {
    ...artifactAdapter(artifacts),
    upsert: (id, payload, expiresIn = 0) => artifacts.save(id, payload, expiresIn + INTERACTION_LIFE_S),
    find: async (id) => {
      const payload = await artifacts.find(id)
      return payload && { ...payload, exp: Number(payload.exp) - INTERACTION_LIFE_S }
    },
    consume: async (id) => {
      if (!(await artifacts.consume(id))) throw new errors.InvalidRequestUri('request_uri was already used')
    },
  }
}

/** The provider reads whether a code is consumed, and consumes it later. Only the database decides who was first. */
function tokenAdapter(deps: Deps, model: 'AuthorizationCode' | 'RefreshToken'): Partial<Adapter> {
  const artifacts = new Artifacts(deps, model)
  return {
    ...artifactAdapter(artifacts),
    consume: async (id) => {
      if (await artifacts.consume(id)) return
      // RFC 6749, section 4.1.2: revoke all tokens that were issued for a code which is used more than once.
      const grantId = await artifacts.grantOf(id)
      if (grantId) await endGrant(deps, grantId, model, originIn(Provider.ctx))
      throw new errors.InvalidGrant('used twice at once')
    },
  }
}

function replayAdapter(artifacts: Artifacts): Partial<Adapter> {
  return {
    find: (id) => artifacts.find(id),
    upsert: async (id, payload, expiresIn = 0) => {
      if (!(await artifacts.saveOnce(id, payload, expiresIn)))
        throw new errors.InvalidClientAuth('client assertion tokens must only be used once')
    },
  }
}

/** `returnTo` holds the id of the interaction, which is not stored. */
function interactionAdapter(artifacts: Artifacts, publicUrl: string): Partial<Adapter> {
  return {
    upsert: (id, { returnTo: _address, ...payload }, expiresIn = 0) => artifacts.save(id, payload, expiresIn),
    find: async (id): Promise<AdapterPayload | undefined> => {
      const payload = await artifacts.find(id)
      return payload && { ...payload, returnTo: `${publicUrl}/oidc/auth/${id}` }
    },
    destroy: (id) => artifacts.delete(id),
  }
}
