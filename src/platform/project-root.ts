// Where the project's other files are. The code runs from `dist` as built, and from its own place under `npm run dev`.
import { existsSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(import.meta.url)

/** The folder of package.json, in which are `views`, `static` and `drizzle`. */
export const PROJECT_ROOT = rootAbove(HERE)

/** How the files of our modules end as they run: `.js`, or `.ts` under `npm run dev`. */
export const MODULE_SUFFIX = extname(HERE)

function rootAbove(path: string): string {
  const folder = dirname(path)
  return existsSync(join(folder, 'package.json')) ? folder : rootAbove(folder)
}
