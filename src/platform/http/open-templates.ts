import { join } from 'node:path'
import nunjucks from 'nunjucks'
import { LINK_LIFE_MS } from '../crypto/link-token.ts'
import { PROJECT_ROOT } from '../project-root.ts'
import { durationText } from '../time/duration-text.ts'

const VIEWS = join(PROJECT_ROOT, 'views')

export function openTemplates({ autoescape }: { autoescape: boolean }): nunjucks.Environment {
  const loader = new nunjucks.FileSystemLoader(VIEWS, { watch: false })
  const templates = new nunjucks.Environment(loader, {
    autoescape,
    throwOnUndefined: true,
    trimBlocks: true,
    lstripBlocks: true,
  })
  templates.addGlobal('LINK_LIFE_MS', LINK_LIFE_MS)
  templates.addFilter('duration', durationText)
  return templates
}
