// How many people of an account are alike. Pure.

/** So many people of an account hold exactly these role groups, are so enrolled and of this status. */
export interface Headcount {
  clientId: string
  /** Their keys; none of those whom nobody gave one. */
  roleGroups: string[]
  enrolled: boolean
  status: 'invited' | 'active' | 'disabled'
  people: number
}

/** How many people fit. */
export function countPeople(counts: readonly Headcount[], fits: (count: Headcount) => boolean): number {
  return counts.filter(fits).reduce((sum, { people }) => sum + people, 0)
}
