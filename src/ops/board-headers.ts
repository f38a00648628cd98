import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * The content security policy of bull-board's page: it has a <base>, and its sign 'Loading' is styled inline, which
 * is allowed by its hashes and nothing else is.
 */
export function boardPolicy(): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'unsafe-hashes' ${inlineStyles().map(hashSource).join(' ')}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function inlineStyles(): string[] {
  const board = createRequire(createRequire(import.meta.url).resolve('@bull-board/api'))
  const page = join(dirname(board.resolve('@bull-board/ui/package.json')), 'dist', 'index.ejs')
  const found = readFileSync(page, 'utf8').matchAll(/ style="([^"]*)"|<style>([^<]*)<\/style>/g)
  return [...found].map(([, attribute, element]) => attribute ?? element ?? '')
}

function hashSource(style: string): string {
  return `'sha256-${createHash('sha256').update(style).digest('base64')}'`
}
