import { validate as isUuid } from 'uuid'
import type { Deps } from '../deps.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import type { Refusal } from './refusals.ts'
import type { Relation } from './rules.ts'
import type { Visit } from './visit.ts'

const MAX_ASKED_LENGTH = 64

/** What a refused person wanted to act on or to see. */
interface Concerned {
  /** The account it concerned, as it lies to the actor's own. */
  clientId: string
  relation: Relation
  subjectId: string | null
  /** The id that was asked for, where it must not be said whether it is anyone's. */
  asked?: string
}

export interface RefusedAct extends Concerned {
  action: AuditAction
  now: Date
  origin: Origin
  actor: { id: string; clientId: string }
  refusal: Refusal
  page?: string
}

/** Records a refusal in the actor's account and in the one that it concerned, if that lies below. */
export async function recordRefusal(tx: Transaction, refused: RefusedAct): Promise<void> {
  const { action, now, origin, actor, relation, subjectId, refusal, asked, page } = refused
  const concerned = relation === 'child' ? [actor.clientId, refused.clientId] : [actor.clientId]
  // An account that was asked for is named. To whose account a person belongs is none of the actor's business.
  const named = (clientId: string) =>
    subjectId === null && asked === undefined && clientId !== refused.clientId
  for (const clientId of concerned)
    await record(tx, {
      at: now,
      action,
      outcome: 'refused',
      origin,
      clientId,
      actorId: actor.id,
      subjectId,
      details: {
        refusal,
        ...(page && { page }),
        ...(named(clientId) && { clientId: storable(refused.clientId) }),
        ...(asked !== undefined && { asked: storable(asked) }),
      },
    })
}

/** Records that a page was refused. */
export async function recordRefusedVisit(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  { viewer, page, origin }: Visit,
  concerned: Concerned,
  refusal: Refusal,
): Promise<void> {
  const visit = { action: 'access', now: clock.now(), origin, actor: viewer, page } as const
  await db.transaction((tx) => recordRefusal(tx, { ...visit, ...concerned, refusal }))
}

/** A person whom the actor may not even see, or who does not exist: the two look alike on record. */
export function unseen(actor: { clientId: string }, id: string): Concerned {
  const subjectId = isUuid(id) ? id : null
  return { clientId: actor.clientId, relation: 'elsewhere', subjectId, asked: id }
}

/** A person who is there, unless the refusal hides even that. */
export function concerning(
  actor: { clientId: string },
  { id, clientId }: { id: string; clientId: string },
  relation: Relation,
  refusal: Refusal,
): Concerned {
  const isUnseen = refusal === 'unknown' && relation === 'elsewhere'
  return isUnseen ? unseen(actor, id) : { clientId, relation, subjectId: id }
}

/** What the actor's own account is concerned in, and nobody in particular. */
export function ownAccount({ clientId }: { clientId: string }): Concerned {
  return { clientId, relation: 'own', subjectId: null }
}

/** An id comes from an address or a form: bounded, and without what PostgreSQL cannot store in JSON. */
function storable(id: string): string {
  return id.slice(0, MAX_ASKED_LENGTH).replace(/\p{Cc}/gu, ' ')
}
