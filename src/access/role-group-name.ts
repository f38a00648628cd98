// The names of role groups. Pure.

/** The key spells the name: 'tech-operator' is Tech Operator. */
export function roleGroupName(key: string): string {
  return key
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')
}
