// Checks of every page: accessibility, and no overflow at 320 pixels.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { PROJECT_ROOT } from '../../src/platform/project-root.ts'

// Chromium takes text that is all ASCII in half the time, and with one as long as this that is most of the work.
const AXE = readFileSync(join(PROJECT_ROOT, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8').replace(
  /[\u0080-\uffff]/g,
  (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
)

const NARROW = { width: 320, height: 640 }
const WIDE = { width: 1280, height: 800 }

const EVERYTHING = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** Each width and each colour scheme is checked once. The other two combinations are only photographed. */
const VIEWS = [
  { view: 'narrow-dark', viewport: NARROW, colorScheme: 'dark', checked: false },
  { view: 'narrow-light', viewport: NARROW, colorScheme: 'light', checked: true },
  { view: 'wide-light', viewport: WIDE, colorScheme: 'light', checked: false },
  { view: 'wide-dark', viewport: WIDE, colorScheme: 'dark', checked: true },
] as const

const PICTURES = process.env.SCREENSHOTS

/** Checks the page as it stands, narrow and wide, light and dark. SCREENSHOTS=<folder> saves pictures there. */
export async function inspect(page: Page, name: string): Promise<void> {
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(AXE)
  for (const { view, viewport, colorScheme, checked } of VIEWS) {
    if (!checked && !PICTURES) continue
    await page.setViewportSize(viewport)
    await page.emulateMedia({ colorScheme })
    if (checked) assert.deepEqual(await problemsOf(page), [], `${name}-${view}`)
    if (PICTURES) await takeScreenshot(page, join(PICTURES, `${name}-${view}.png`))
  }
}

async function problemsOf(page: Page): Promise<string[]> {
  const options = JSON.stringify({
    resultTypes: ['violations'],
    runOnly: EVERYTHING,
    preload: false,
    iframes: false,
  })
  const { fits, violations } = await page.evaluate<{ fits: boolean } & Pick<AxeResults, 'violations'>>(
    `axe.run(document, ${options}).then(({ violations }) => ({
      fits: document.documentElement.scrollWidth <= innerWidth,
      violations,
    }))`,
  )
  return [...(fits ? [] : ['It is wider than the screen']), ...violations.map(describeViolation)]
}

function describeViolation({ help, nodes }: AxeResults['violations'][number]): string {
  return `${help}: ${nodes.map(({ html }) => html).join(' ')}`
}

/** The whole page, in a window high enough for it. */
async function takeScreenshot(page: Page, path: string): Promise<void> {
  const viewport = page.viewportSize()
  assert.ok(viewport)
  while (await page.evaluate('document.documentElement.scrollHeight > innerHeight'))
    await page.setViewportSize({
      ...viewport,
      height: Number(await page.evaluate('document.documentElement.scrollHeight')),
    })
  await page.screenshot({ path, caret: 'initial' })
  await page.setViewportSize(viewport)
}
