// Web processes as in production, on the database of an application under test and with the real clock.
import type { TestApp } from './app.ts'
import { ENCRYPTION_KEYS } from './cluster.ts'
import { builtModule, startProcess, type TestProcess } from './processes.ts'

/** One for each port, as behind one proxy at `publicUrl`. Await their `ready`. `module`: that of another release. */
export function startWebProcesses(
  { deps }: TestApp,
  publicUrl: string,
  ports: readonly number[],
  module = builtModule('src/web.js'),
): (TestProcess & { ready: Promise<void> })[] {
  return ports.map((port) =>
    startProcess(module, {
      PORT: String(port),
      PUBLIC_URL: publicUrl,
      DATABASE_URL: deps.config.DATABASE_URL,
      SMTP_URL: 'smtp://127.0.0.1:9',
      MAIL_FROM: 'Portcullis <gate@portcullis.test>',
      SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
      ENCRYPTION_KEYS,
      ADDRESS_ATTEMPTS: '100000',
      ANSWER_WITHIN: '30s',
      LOG_LEVEL: 'error',
    }),
  )
}
