// The code runs from `dist`, or from `src` under `npm run dev`.
import { existsSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(import.meta.url)

export const PROJECT_ROOT = rootAbove(HERE)

export const MODULE_SUFFIX = extname(HERE)

function rootAbove(path: string): string {
  const folder = dirname(path)
  return existsSync(join(folder, 'package.json')) ? folder : rootAbove(folder)
}
