import { createHash } from 'node:crypto'
import type { ActRequest } from '../access/act-request.ts'
import { judgeAccount } from '../access/judge.ts'
import type { Outcome } from '../access/outcome.ts'
import { maySetClientDetails } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { record } from '../platform/audit/record.ts'
import { clientLogos } from '../platform/db/schema/client-logos.ts'
import { readLogo } from './read-logo.ts'

export type UploadOutcome = Outcome<object, { problem: string }>

/** Stores a file as the account's only draft of a logo, which the Service Desk looks at before it is public. */
export function uploadLogo(
  deps: Deps,
  { actor, clientId, origin, bytes }: Omit<ActRequest, 'form'> & { clientId: string; bytes: Uint8Array },
): Promise<UploadOutcome> {
  return deps.db.transaction(async (tx): Promise<UploadOutcome> => {
    const about = { action: 'client.logo-uploaded', origin } as const
    const verdict = await judgeAccount(deps, tx, { ...about, actor, clientId }, maySetClientDetails)
    if (!verdict.ok) return verdict
    // Unpacking costs time, so it comes after the permission.
    const read = await readLogo(bytes)
    if ('problem' in read) return { ok: false, refusal: null, problem: read.problem }

    const { now } = verdict
    const hash = createHash('sha256').update(read.logo.content).digest('hex')
    const draft = { ...read.logo, hash, savedAt: now }
    await tx
      .insert(clientLogos)
      .values({ clientId, state: 'draft', ...draft })
      .onConflictDoUpdate({ target: [clientLogos.clientId, clientLogos.state], set: draft })
    await record(tx, {
      ...about,
      at: now,
      outcome: 'success',
      clientId,
      actorId: actor.userId,
      subjectId: null,
      details: { logo: hash, type: read.logo.type },
    })
    return { ok: true }
  })
}
