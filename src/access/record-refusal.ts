import { validate as isUuid } from 'uuid'
import type { AuditAction } from '../platform/audit/actions.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import type { Refusal } from './refusals.ts'
import type { Relation } from './rules.ts'

const MAX_ASKED_LENGTH = 64

/** What a refused request was about. */
export interface Concerned {
  clientId: string
  relation: Relation
  subjectId: string | null
  /** The id from the request, if the record must not say whether it exists. */
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

/** Records a refusal in the actor's account, and in the account it concerned if that lies below. */
export async function recordRefusal(tx: Transaction, refused: RefusedAct): Promise<void> {
  const { action, now, origin, actor, relation, subjectId, refusal, asked, page } = refused
  const concerned = relation === 'child' ? [actor.clientId, refused.clientId] : [actor.clientId]
  // Names an account from the request. The account of a user is not the actor's to learn.
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

/** A user whom the actor may not see, or who does not exist: the audit log does not tell which. */
export function unseen(actor: { clientId: string }, id: string): Concerned {
  const subjectId = isUuid(id) ? id : null
  return { clientId: actor.clientId, relation: 'elsewhere', subjectId, asked: id }
}

/** A user who exists, unless the refusal hides that. */
export function concerning(
  actor: { clientId: string },
  { id, clientId }: { id: string; clientId: string },
  relation: Relation,
  refusal: Refusal,
): Concerned {
  const isUnseen = refusal === 'unknown' && relation === 'elsewhere'
  return isUnseen ? unseen(actor, id) : { clientId, relation, subjectId: id }
}

/** The actor's own account, and no user in particular. */
export function ownAccount({ clientId }: { clientId: string }): Concerned {
  return { clientId, relation: 'own', subjectId: null }
}

/** An id from a URL or a form: bounded, and without characters that PostgreSQL cannot store in JSON. */
function storable(id: string): string {
  // By characters: half of a surrogate pair is no text that PostgreSQL takes.
  return [...id]
    .slice(0, MAX_ASKED_LENGTH)
    .join('')
    .replace(/\p{Cc}/gu, ' ')
}
