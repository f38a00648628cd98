// Configurations as the documents have them, so that the documents are what is tested.
import assert from 'node:assert/strict'
import { codeBlocksIn } from '../../src/applications/proxy-configurations.ts'

/** The blocks of a language in a document of docs/applications, in their order. */
export function documented(file: string, language: string): string[] {
  const blocks = codeBlocksIn(file).filter((block) => block.language === language)
  assert.ok(blocks.length > 0, `${file} has a block of ${language}`)
  return blocks.map(({ text }) => text)
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
