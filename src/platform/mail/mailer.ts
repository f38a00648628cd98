import { createTransport } from 'nodemailer'
import type { Config } from '../../config.ts'
import type { Logger } from '../log.ts'
import { watchOutage } from '../outbox/watch-outage.ts'
import { SECOND } from '../time/durations.ts'
import type { Mail } from './render-mail.ts'

export interface AddressedMail extends Mail {
  messageId: string
  to: { name: string; address: string }
}

export interface Mailer {
  /**
   * Hands a mail to the mail server. Throws MailRefusedError if it never takes it, MailDelayedError if it may
   * later. Neither message names the recipient.
   */
  send(mail: AddressedMail): Promise<void>
  close(): void
}

/** Thrown when the mail server refuses a mail for good (SMTP 5xx for its sender or recipient). */
export class MailRefusedError extends Error {
  constructor(why: string) {
    super(`the mail server refuses this mail (${why})`)
    this.name = 'MailRefusedError'
  }
}

/** Thrown when a mail could not be handed over this time. */
export class MailDelayedError extends Error {
  constructor(why: string) {
    super(`the mail could not be handed over (${why})`)
    this.name = 'MailDelayedError'
  }
}

/** As long as a busy mail server may take for one mail; the transaction that waits for it lives a little longer. */
export const SEND_LIMIT_MS = 60 * SECOND

/** Opens a pool of `connections` to the mail server. Connects at the first mail. */
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
    // The queue retries: a mail that the pool kept for later would go out twice.
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
        await transport.sendMail({ ...mail, from: MAIL_FROM, signal: AbortSignal.timeout(SEND_LIMIT_MS) })
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

/** The server's own words often repeat the address, so only codes are kept. */
function understand(error: unknown): { why: string; refused: boolean } {
  const { code, command, responseCode } = error as { code?: string; command?: string; responseCode?: number }
  const why =
    [code, responseCode, command].filter((part) => part !== undefined).join(' ') || 'no reason given'
  const aboutThisMail = code === 'EENVELOPE' || code === 'EMESSAGE'
  return { why, refused: aboutThisMail && responseCode !== undefined && responseCode >= 500 }
}
