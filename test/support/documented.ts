// Configurations as the documents have them, so that the documents are what is tested.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT_ROOT } from '../../src/platform/project-root.ts'

/** The blocks of a language in a document, in their order. */
export function documented(file: string, language: string): string[] {
  const text = readFileSync(join(PROJECT_ROOT, 'docs', file), 'utf8')
  const blocks = [...text.matchAll(/^```(\S+)\n(.*?)^```$/gms)].flatMap(([, name, block = '']) =>
    name === language ? [block] : [],
  )
  assert.ok(blocks.length > 0, `${file} has a block of ${language}`)
  return blocks
}

/** Replaces what differs on this machine. Each text must occur. */
export function adapted(
  block: string,
  replacements: readonly (readonly [from: string, to: string])[],
): string {
  return replacements.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), `the document has '${from}'`)
    return text.replaceAll(from, to)
  }, block)
}
