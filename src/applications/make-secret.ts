import { z } from 'zod'
import { mayRunApplications } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { DAY, HOUR } from '../platform/time/durations.ts'
import { type ApplicationOutcome, type ApplicationRequest, actOnApplication } from './act-on-application.ts'
import { addSecret } from './add-secret.ts'
import { readValidSecrets } from './applications.queries.ts'
import { endSecrets } from './end-secrets.ts'
import { readDeskEvidence } from './read-desk-evidence.ts'
import { usesSecrets } from './uses-secrets.ts'

/** How long the older secrets stay valid beside a new one. */
const OVERLAP_MS = { day: DAY, hour: HOUR, week: 7 * DAY, 'at-once': 0 } as const

const MAX_VALID = 2

const overlap = z.enum(['day', 'hour', 'week', 'at-once']).catch('day')

export type NewSecret = { application: { id: string; name: string }; secret: string; olderUntil: Date | null }

/** Makes a client secret, and ends the older ones after an overlap in which the application is changed over. */
export function makeSecret(deps: Deps, request: ApplicationRequest): Promise<ApplicationOutcome<NewSecret>> {
  return actOnApplication<NewSecret>(deps, request, {
    action: 'application.secret-made',
    rule: mayRunApplications,
    carryOut: async (tx, { application, form, actorId, now }) => {
      if (!usesSecrets(application)) return { refusal: 'unknown' }
      const read = readDeskEvidence(form)
      if ('problems' in read) return read
      const older = await readValidSecrets(tx, application.id, now)
      const chosen = overlap.parse(form.overlap)
      // A form that was sent twice would otherwise leave a secret that was never seen.
      if (chosen !== 'at-once' && older.length >= MAX_VALID) return { refusal: 'two-secrets' }

      const until = new Date(now.getTime() + OVERLAP_MS[chosen])
      await endSecrets(tx, application.id, until)
      const secret = await addSecret(tx, { applicationId: application.id, createdBy: actorId, now })
      const olderUntil = older.length > 0 ? until : null
      return {
        ...read,
        details: { ...(olderUntil && { olderUntil: olderUntil.toISOString() }) },
        done: { application, secret, olderUntil },
      }
    },
  })
}
