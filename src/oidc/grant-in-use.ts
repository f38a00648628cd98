import { Provider } from 'oidc-provider'
import { type LiveGrant, readLiveGrant, readLiveGrantOf } from '../applications/live-grants.queries.ts'
import type { Deps } from '../deps.ts'

const known = new WeakMap<object, { id: string; grant: Promise<LiveGrant | null> }>()

/** The live grant behind a code or token. A request that asks several times gets one answer. */
export function grantInUse(deps: Pick<Deps, 'gateDb' | 'clock'>, id: string): Promise<LiveGrant | null> {
  const request = Provider.ctx
  if (!request) return readLiveGrant(deps, deps.gateDb, id)
  const before = known.get(request)
  if (before?.id === id) return before.grant
  const grant = readLiveGrant(deps, deps.gateDb, id)
  known.set(request, { id, grant })
  return grant
}

/** The live grant that a session has already given to an application. */
export async function grantGiven(
  deps: Pick<Deps, 'gateDb' | 'clock'>,
  granted: { sessionId: string; applicationId: string },
): Promise<LiveGrant | null> {
  const grant = await readLiveGrantOf(deps, deps.gateDb, granted)
  if (grant && Provider.ctx) known.set(Provider.ctx, { id: grant.id, grant: Promise.resolve(grant) })
  return grant
}
