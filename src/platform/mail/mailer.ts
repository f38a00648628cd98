import { createTransport } from 'nodemailer'
import type { Config } from '../../config.ts'
import type { Logger } from '../log.ts'
import { watchOutage } from '../outbox/watch-outage.ts'
import { inSpan } from '../span.ts'
import { SECOND } from '../time/durations.ts'
import type { Mail } from './render-mail.ts'

export interface AddressedMail extends Mail {
  messageId: string
  to: { name: string; address: string }
}

export interface Mailer {
  /** Throws MailRefusedError (permanent) or MailDelayedError (retry). Neither message names the recipient. */
  send(mail: AddressedMail): Promise<void>
  close(): void
}

export class MailRefusedError extends Error {
  constructor(why: string) {
    super(`the mail server refuses this mail (${why})`)
    this.name = 'MailRefusedError'
  }
}

export class MailDelayedError extends Error {
  constructor(why: string) {
    super(`the mail could not be handed over (${why})`)
    this.name = 'MailDelayedError'
  }
}

/** Time limit for one mail. The waiting transaction lives longer. */
export const SEND_LIMIT_MS = 60 * SECOND

export function openMailer(
  { SMTP_URL, MAIL_FROM }: Pick<Config, 'SMTP_URL' | 'MAIL_FROM'>,
  log: Logger,
  connections: number,
): Mailer {
  const outage = watchOutage(log, {
    began: 'The mail server takes no mail. Mails wait and are tried again; check SMTP_URL.',
    ended: 'The mail server takes mail again.',
  })
  const transport = createTransport({
    url: SMTP_URL,
    pool: true,
    maxConnections: connections,
    // The job queue retries. A requeued mail would be sent twice.
    maxRequeues: 0,
    connectionTimeout: 5 * SECOND,
    greetingTimeout: 5 * SECOND,
    socketTimeout: SEND_LIMIT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })

  return {
    async send(mail) {
      try {
        const signal = AbortSignal.timeout(SEND_LIMIT_MS)
        await inSpan('send mail', {}, () => transport.sendMail({ ...mail, from: MAIL_FROM, signal }))
        outage.ended()
      } catch (error) {
        const { why, refused } = understand(error)
        if (refused) {
          outage.ended()
          throw new MailRefusedError(why)
        }
        const delayed = new MailDelayedError(why)
        outage.began(delayed)
        throw delayed
      }
    },
    close: () => transport.close(),
  }
}

/** Only codes: the server's text often repeats the address. */
function understand(error: unknown): { why: string; refused: boolean } {
  const { code, command, responseCode } = error as { code?: string; command?: string; responseCode?: number }
  const why =
    [code, responseCode, command].filter((part) => part !== undefined).join(' ') || 'no reason given'
  const aboutThisMail = code === 'EENVELOPE' || code === 'EMESSAGE'
  return { why, refused: aboutThisMail && responseCode !== undefined && responseCode >= 500 }
}
