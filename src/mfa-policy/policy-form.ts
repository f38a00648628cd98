// The form of the MFA policy: a checkbox for each role group, the policy that it showed, and a start. Pure.
import { z } from 'zod'
import { lastSaid } from '../platform/http/list-query.ts'
import { DAY } from '../platform/time/durations.ts'
import { readMoment } from '../platform/time/moment.ts'

const keys = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((given) => [given ?? []].flat())

const form = z.object({
  roleGroups: keys,
  changeStart: keys,
  startsAt: z.unknown().optional().transform(lastSaid),
  /** Keys, comma-separated. Empty means that the form showed no requirement. */
  basedOn: z
    .string()
    .transform((text) => text.split(',').filter((key) => key !== ''))
    .nullable()
    .catch(null),
})

export interface PolicyForm {
  roleGroups: string[]
  changeStart: string[]
  /** As typed; empty: at once. */
  startsAt: string
  basedOn: string[] | null
}

/** Reads a form or an address. Malformed input becomes the key '', which no account has. */
export function readPolicyForm(fields: unknown): PolicyForm {
  const read = form.safeParse(fields)
  return read.success ? read.data : { roleGroups: [''], changeStart: [], startsAt: '', basedOn: null }
}

const DAYS_AHEAD = 90

export type ReadStart = { ok: true; startsAt: Date | null } | { ok: false; problem: string }

/** When a requirement begins, as a person in `timeZone` typed it. */
export function readStart(typed: string, { now, timeZone }: { now: Date; timeZone: string }): ReadStart {
  if (typed === '') return { ok: true, startsAt: null }
  const hasTime = typed.includes(':')
  const moment = hasTime ? readMoment(typed, timeZone) : null
  if (!moment) return { ok: false, problem: 'Give a date and a time, such as 2026-12-01T09:00.' }
  const { start: startsAt } = moment
  if (startsAt <= now)
    return { ok: false, problem: 'This time has passed. Give a later one, or none to require MFA at once.' }
  if (startsAt.getTime() > now.getTime() + DAYS_AHEAD * DAY)
    return { ok: false, problem: `This is too far ahead. Give a time within the next ${DAYS_AHEAD} days.` }
  return { ok: true, startsAt }
}
