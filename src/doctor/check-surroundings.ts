import { createTransport } from 'nodemailer'
import type { WorkerConfig } from '../config.ts'
import { SECOND } from '../platform/time/durations.ts'
import { type Finding, findingsAbout, reasonOf } from './finding.ts'

const PATIENCE_MS = 5 * SECOND

/** Connects to the mail server, and sends nothing. */
export async function checkMail({ SMTP_URL }: WorkerConfig): Promise<Finding> {
  const { ok, problem } = findingsAbout('mail')
  const transport = createTransport({
    url: SMTP_URL,
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
  })
  try {
    await transport.verify()
    return ok('The mail server takes our connection.')
  } catch (error) {
    return problem(`The mail server takes no connection (${reasonOf(error)}). Check SMTP_URL.`)
  } finally {
    transport.close()
  }
}

/** Asks web by its public address, as browsers do. */
export async function checkAddress({ PUBLIC_URL, TRUST_PROXY }: WorkerConfig): Promise<Finding[]> {
  const { ok, warning, problem } = findingsAbout('PUBLIC_URL')
  const untrusted =
    PUBLIC_URL.startsWith('https:') && TRUST_PROXY === undefined
      ? [
          findingsAbout('TRUST_PROXY').problem(
            'It is not set. The proxy that ends TLS must be named, or browsers get no session cookie.',
          ),
        ]
      : []
  try {
    const answer = await fetch(new URL('/readyz', PUBLIC_URL), {
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const isOurs = answer.headers.get('content-type')?.startsWith('application/json') === true
    if (!isOurs) return [problem(`Something else answers at ${PUBLIC_URL} (${answer.status}).`), ...untrusted]
    return [
      answer.ok ? ok('Web answers there, and is ready.') : problem('Web is not ready there.'),
      ...untrusted,
    ]
  } catch (error) {
    return [
      warning(
        `It does not answer from here (${reasonOf(error)}). Does web run, and is the certificate valid?`,
      ),
      ...untrusted,
    ]
  }
}
