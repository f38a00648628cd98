// Receives all mails of `npm start` and shows them on an inbox page, in its own process.
// Arguments: the SMTP port, the inbox port, the folder of the mails.
import { IncomingMessage, Server } from 'node:http'

// The mails contain valid links.
process.umask(0o077)

const [smtp, web, mailDirectory = ''] = process.argv.slice(2)

// Ctrl-C reaches this process too, but the worker may still send mails: it ends when its supervisor disconnects.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
process.on('disconnect', () => process.exit())

// MailDev prints its address also where it is silent. The banner says it.
console.info = () => {}
refuseForeignRequests()
const { MailDev } = await import('maildev')

const catcher = new MailDev({
  smtp: Number(smtp),
  ip: '127.0.0.1',
  web: Number(web),
  webIp: '127.0.0.1',
  mailDirectory,
  maxEmails: 10_000,
  silent: true,
})
for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, giveUp)
await catcher.start().catch(giveUp)
if (process.connected) process.send?.('ready')

/** MailDev rejects, or throws beside its promise, depending on which of its servers meets the error. */
function giveUp(error: NodeJS.ErrnoException): never {
  process.stderr.write(
    error.code === 'EADDRINUSE'
      ? 'The port of the inbox or of its SMTP server is taken. Start again, or choose another MAIL_CATCHER_PORT.\n'
      : `${error.stack}\n`,
  )
  process.exit(1)
}

/** MailDev allows any origin (CORS) and any Host (DNS rebinding), without an option; its mails contain valid links. */
function refuseForeignRequests(): void {
  const emit = Server.prototype.emit
  Server.prototype.emit = function (event: string | symbol, ...values: unknown[]): boolean {
    const [request] = values
    if (!(request instanceof IncomingMessage) || !isForeign(request))
      return Reflect.apply(emit, this, [event, ...values])
    request.socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    return true
  }
}

function isForeign({ headers: { host, origin } }: IncomingMessage): boolean {
  const onThisMachine = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host ?? '')
  return !onThisMachine || (origin !== undefined && origin !== `http://${host}`)
}
