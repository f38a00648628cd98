// Receives every mail of `npm start` and shows it on an inbox page. A process of its own: it is large.
// Its arguments: the SMTP port, the inbox port, the folder that keeps the mails.
import { IncomingMessage, Server } from 'node:http'

// The mails hold links that work.
process.umask(0o077)

const [smtp, web, mailDirectory = ''] = process.argv.slice(2)

// The terminal's Ctrl-C reaches it too, but the worker may still be sending what is in flight:
// it ends when the supervisor lets go of it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
process.on('disconnect', () => process.exit())

keepStrangersOut()
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
await catcher.start()
// The start may have been refused meanwhile.
if (process.connected) process.send?.('ready')

/**
 * MailDev lets the pages of any site read it and answers to any name, and nothing of that can be configured; but
 * mails hold links that open accounts. So its server never sees what a stranger asks.
 */
function keepStrangersOut(): void {
  const emit = Server.prototype.emit
  Server.prototype.emit = function (event: string | symbol, ...values: unknown[]): boolean {
    const [request] = values
    if (!(request instanceof IncomingMessage) || !isStranger(request))
      return Reflect.apply(emit, this, [event, ...values])
    request.socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    return true
  }
}

function isStranger({ headers: { host, origin } }: IncomingMessage): boolean {
  const onThisMachine = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host ?? '')
  return !onThisMachine || (origin !== undefined && origin !== `http://${host}`)
}
