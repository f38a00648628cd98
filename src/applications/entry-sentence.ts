// Who may enter an application, in words. Pure.

export interface EntryRule {
  everyClient: boolean
  /** The names of the first admitted accounts, and how many there are in all. */
  clientNames: readonly string[]
  clientCount: number
  roleGroupNames: readonly string[]
  everyRoleGroup: boolean
}

export function entrySentence(rule: EntryRule): string {
  const { everyClient, clientNames, clientCount, roleGroupNames, everyRoleGroup } = rule
  const who = everyRoleGroup ? 'Any role group' : listed(roleGroupNames, 'or')
  if (everyClient) return `${who}, of every account`
  if (clientCount === 0) return `${who}, but no account is chosen yet`
  const others = clientCount - clientNames.length
  const rest = others > 0 ? [`${others} more`] : []
  return `${who}, of ${listed([...clientNames, ...rest], 'and')}`
}

function listed(names: readonly string[], word: 'and' | 'or'): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} ${word} ${last}`
}
