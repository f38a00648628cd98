// A list of accounts, parents before their children, as a tree. Pure.

/** A client account as lists show it. */
export interface ClientRow {
  id: string
  name: string
  parentId: string | null
  parentName: string | null
  isPlatform: boolean
  suspendedAt: Date | null
  /** Names of the role groups that require MFA here, the highest first. */
  requiresMfa: string[]
}

export interface ClientNode extends ClientRow {
  children: ClientNode[]
  /** The account it belongs to, where that one is not above it on the page. */
  under: string | null
}

/** The accounts at the top, each with those below it. An account whose parent is not in the list stands at the top. */
export function clientTree(rows: readonly ClientRow[]): ClientNode[] {
  const nodes = new Map<string, ClientNode>()
  const roots: ClientNode[] = []
  for (const row of rows) {
    const parent = row.parentId === null ? undefined : nodes.get(row.parentId)
    const node: ClientNode = { ...row, children: [], under: parent ? null : row.parentName }
    nodes.set(row.id, node)
    const siblings = parent?.children ?? roots
    siblings.push(node)
  }
  return roots
}
