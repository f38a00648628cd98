/** What was typed into these fields of a form, to be shown again; empty where nothing readable was. */
export function typedFields<const Name extends string>(
  body: unknown,
  names: readonly Name[],
): Record<Name, string> {
  const form = (body ?? {}) as Record<string, unknown>
  const typed = names.map((name) => [name, typeof form[name] === 'string' ? form[name] : ''])
  return Object.fromEntries(typed) as Record<Name, string>
}
