import { randomBytes } from 'node:crypto'
import { link, open, readFile, rm } from 'node:fs/promises'

/** Reads or creates a file (mode 0600). It gets its name only when complete, so all processes get the same content. */
export async function keepFile(path: string, make: () => string): Promise<string> {
  const kept = await readIfThere(path)
  if (kept !== null) return kept
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeDurably(draft, `${make()}\n`)
  // Unlike a rename, a link never replaces the file of a faster process.
  await link(draft, path).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(draft, { force: true })
  return keepFile(path, make)
}

/** The content without the final line break; null if there is no such file. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trimEnd()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}
