// What a change of an application changes, for the audit log. Pure.
import type { ApplicationFacts } from './application-form.ts'

export interface Change {
  from: unknown
  to: unknown
}

type Changes = Partial<Record<keyof ApplicationFacts, Change>>

/** The facts that differ. Of public keys only the number is named. */
export function applicationChanges(before: ApplicationFacts, after: ApplicationFacts): Changes {
  const names = Object.keys(after) as (keyof ApplicationFacts)[]
  const differing = names.filter((name) => comparable(before[name]) !== comparable(after[name]))
  return Object.fromEntries(
    differing.map((name) => [name, { from: shown(before[name]), to: shown(after[name]) }]),
  )
}

/** Whether a change concerns who may enter. */
export function changesEntry(changes: Changes): boolean {
  return 'everyClient' in changes || 'roleGroups' in changes || 'requiresMfa' in changes
}

/** JSON with sorted keys: PostgreSQL does not keep the order of the members of a JWK. */
function comparable(value: unknown): string {
  return JSON.stringify(value, (_name, part) => {
    if (Array.isArray(part)) return part.every((item) => typeof item === 'string') ? [...part].sort() : part
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

function shown(value: unknown): unknown {
  const isKeySet = typeof value === 'object' && value !== null && 'keys' in value
  if (!isKeySet || !Array.isArray(value.keys)) return value
  return value.keys.length === 1 ? '1 key' : `${value.keys.length} keys`
}
