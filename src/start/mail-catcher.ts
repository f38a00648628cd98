// Receives every mail of `npm start` and shows it on an inbox page. A process of its own: it is large.
// Its arguments: the SMTP port, the inbox port, the folder that keeps the mails.
// The mails hold links that work.
process.umask(0o077)

const [smtp, web, mailDirectory = ''] = process.argv.slice(2)

// The terminal's Ctrl-C reaches it too, but the worker may still be sending what is in flight:
// it ends when the supervisor lets go of it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
process.on('disconnect', () => process.exit())

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
process.send?.('ready')

export {}
