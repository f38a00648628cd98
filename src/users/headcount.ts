// People of an account, counted by role groups, enrolment and status. Pure.

/** How many people hold exactly these role groups and share enrolment and status. */
export interface Headcount {
  clientId: string
  roleGroups: string[]
  enrolled: boolean
  status: 'invited' | 'active' | 'disabled'
  people: number
}

export function countPeople(counts: readonly Headcount[], fits: (count: Headcount) => boolean): number {
  return counts.filter(fits).reduce((sum, { people }) => sum + people, 0)
}
