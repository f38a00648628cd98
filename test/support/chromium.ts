// A real browser, without any system package: Chromium as npm brings it, unpacked once.
import { execFile } from 'node:child_process'
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, LaunchOptions } from 'playwright-core'
import { PROJECT_ROOT } from '../../src/platform/project-root.ts'

const run = promisify(execFile)
const MODULES = join(PROJECT_ROOT, 'node_modules')

// The package's own arguments switch off the very protections that the tests are about.
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--in-process-gpu',
  '--font-render-hinting=none',
  // Where it is reached, the empty page of a new window goes on as the first page opened in it, which would otherwise
  // take a process of its own. Sites are kept apart as ever.
  '--renderer-process-limit=1',
  // Each process is new, and no script in it runs for long enough to be worth it.
  '--js-flags=--no-maglev --no-turbofan',
  // Only the last list counts: it begins with what Playwright would switch off of what matters here. With
  // RenderDocument each navigation sets up a whole new frame, which takes as much of a core as everything else in it.
  '--disable-features=PaintHolding,HttpsUpgrades,AvoidUnnecessaryBeforeUnloadCheckSync,RenderDocument',
]

// Playwright switches it off, but people have it: a page that was left may come back with the back button.
const KEPT_ON = ['--disable-back-forward-cache']

// A machine may have neither fonts nor a configuration for them, and without any Chromium crashes at an input.
const FONTS = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
`

let shared: Promise<Browser> | undefined

/** The browser of this process: all its test files share it, as a start takes a second. */
export function sharedBrowser(): Promise<Browser> {
  shared ??= launchBrowser()
  return shared
}

/** Closes the browser of this process, if there is one. */
export async function closeSharedBrowser(): Promise<void> {
  const open = await shared?.catch(() => undefined)
  await open?.close()
}

/** Starts Chromium (or the browser at CHROME_PATH). */
async function launchBrowser(): Promise<Browser> {
  if (process.env.CHROME_PATH)
    return playwright().chromium.launch({
      executablePath: process.env.CHROME_PATH,
      args: ARGUMENTS,
      ignoreDefaultArgs: KEPT_ON,
    })
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('npm brings a browser for Linux on x64 only: set CHROME_PATH to a Chrome or Chromium.')

  const folder = await unpackChromium()
  return launchAgain({
    executablePath: join(folder, 'chromium'),
    args: ARGUMENTS,
    ignoreDefaultArgs: KEPT_ON,
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_PATH: join(folder, 'fonts'),
      XDG_CACHE_HOME: join(folder, 'cache'),
    },
  })
}

/** Closes all windows: pages that refresh themselves would go on during the next test. */
export async function closeWindows(browser: Browser): Promise<void> {
  for (const context of browser.contexts()) await context.close()
}

// An import would search all its four megabytes for exports.
function playwright(): typeof import('playwright-core') {
  return createRequire(import.meta.url)('playwright-core')
}

/** Now and then Chromium crashes as it starts, which says nothing about what is tested. */
async function launchAgain(options: LaunchOptions, attempts = 3): Promise<Browser> {
  try {
    return await playwright().chromium.launch(options)
  } catch (error) {
    if (attempts === 1) throw error
    return launchAgain(options, attempts - 1)
  }
}

/** Returns the folder it is in. It appears there complete, however many ask at once. */
export async function unpackChromium(): Promise<string> {
  const manifest = await readFile(join(MODULES, '@sparticuz', 'chromium', 'package.json'), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string }
  const folder = join(MODULES, '.cache', `chromium-${version}`)
  if (await exists(folder)) return folder

  const draft = `${folder}.${process.pid}`
  await mkdir(draft, { recursive: true })
  // It unpacks into TMPDIR, and the libraries that the system may lack only where it takes itself for a lambda.
  await run(
    process.execPath,
    ['-e', "import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())"],
    { cwd: MODULES, env: { ...process.env, TMPDIR: draft, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' } },
  )
  await writeFile(join(draft, 'fonts', 'fonts.conf'), FONTS)
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }))
  return folder
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
