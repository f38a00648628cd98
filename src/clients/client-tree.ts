// A list of accounts, parents before their children, as a tree. Pure.

export interface ClientRow {
  id: string
  name: string
  parentId: string | null
  parentName: string | null
  isPlatform: boolean
  suspendedAt: Date | null
}

export interface ClientNode extends ClientRow {
  children: ClientNode[]
  /** The name of its parent, if the page does not show the parent above it. */
  under: string | null
}

/** An account whose parent is not in the list becomes a root. */
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
