// What must hold for every page: anybody can use it, on any screen, and nothing in it breaks.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { PROJECT_ROOT } from '../../src/project-root.ts'

const AXE = readFileSync(join(PROJECT_ROOT, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8')

const WIDTHS = { narrow: { width: 320, height: 640 }, wide: { width: 1280, height: 800 } } as const

const EVERYTHING = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** Dark changes nothing but colours, and is as dark on a narrow screen. */
const LOOKED_FOR = {
  'narrow-light': EVERYTHING,
  'narrow-dark': [],
  'wide-light': EVERYTHING,
  'wide-dark': ['cat.color'],
} as const

/**
 * Looks at the page as it stands, light and dark, narrow and wide. With SCREENSHOTS=<folder> it leaves a
 * picture of each in there.
 */
export async function inspect(page: Page, name: string): Promise<void> {
  await page.evaluate(AXE)
  for (const [width, viewport] of Object.entries(WIDTHS)) {
    await page.setViewportSize(viewport)
    assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name}, ${width}`)
    for (const colorScheme of ['light', 'dark'] as const) {
      const view = `${width as keyof typeof WIDTHS}-${colorScheme}` as const
      await page.emulateMedia({ colorScheme })
      await findNothing(page, LOOKED_FOR[view], `${name}-${view}`)
      await takeScreenshot(page, `${name}-${view}`)
    }
  }
}

async function findNothing(page: Page, runOnly: readonly string[], view: string): Promise<void> {
  if (runOnly.length === 0) return
  const options = JSON.stringify({ resultTypes: ['violations'], runOnly, preload: false, iframes: false })
  const { violations } = (await page.evaluate(`axe.run(document, ${options})`)) as AxeResults
  assert.deepEqual(violations.map(describeViolation), [], view)
}

function describeViolation({ help, nodes }: AxeResults['violations'][number]): string {
  return `${help}: ${nodes.map(({ html }) => html).join(' ')}`
}

/** The whole page, in a window high enough for it. */
async function takeScreenshot(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS
  const viewport = page.viewportSize()
  if (!folder || !viewport) return
  await mkdir(folder, { recursive: true })
  while (await page.evaluate('document.documentElement.scrollHeight > innerHeight'))
    await page.setViewportSize({
      ...viewport,
      height: Number(await page.evaluate('document.documentElement.scrollHeight')),
    })
  await page.screenshot({ path: join(folder, `${name}.png`), caret: 'initial' })
  await page.setViewportSize(viewport)
}
