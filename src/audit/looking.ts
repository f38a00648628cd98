/** Who looks at the events of which account. */
export interface Looking {
  /** The account whose log it is. */
  clientId: string
  /** The viewer's own account. */
  ownId: string
  /** The Service Desk: every name is shown. */
  seesAll: boolean
}
