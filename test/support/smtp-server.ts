// A mail server that accepts mails, refuses recipients or delays, as a test asks.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

export interface ReceivedMail {
  to: string
  messageId: string
  source: string
}

export class SmtpServer {
  readonly received: ReceivedMail[] = []
  /** Recipients that are refused for good (550). */
  readonly refused = new Set<string>()
  /** How many mails were read to their end, taken or not. */
  read = 0
  /** While set, a mail is read but not answered. */
  stalling = false
  /** While set, a mail is taken, and the connection is cut before the answer. */
  dropping = false

  #server: Server | undefined
  readonly #sockets = new Set<Socket>()
  #unanswered: (() => void)[] = []
  #port = 0

  get url(): string {
    return `smtp://127.0.0.1:${this.#port}`
  }

  /** Listens; after a stop on the same port again. */
  async start(): Promise<this> {
    this.#server = createServer((socket) => this.#converse(socket)).listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** Takes the mails that it kept waiting. */
  answerStalled(): void {
    for (const take of this.#unanswered.splice(0)) take()
  }

  #converse(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {})
    const say = (line: string) => socket.write(`${line}\r\n`)
    let to = ''
    let unread = ''
    let readingMail = false
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      unread += chunk
      for (;;) {
        const end = readingMail ? '\r\n.\r\n' : '\r\n'
        const at = unread.indexOf(end)
        if (at === -1) return
        const text = unread.slice(0, at)
        unread = unread.slice(at + end.length)
        if (readingMail) {
          readingMail = false
          this.read += 1
          const take = () => {
            if (socket.destroyed) return
            this.received.push({ to, messageId: /^Message-ID: (\S+)/im.exec(text)?.[1] ?? '', source: text })
            if (!this.dropping) say('250 taken')
          }
          if (this.stalling) this.#unanswered.push(take)
          else take()
          if (this.dropping) socket.destroy()
          continue
        }
        const command = text.slice(0, 4).toUpperCase()
        if (command === 'RCPT') to = /<([^>]+)>/.exec(text)?.[1] ?? ''
        if (command === 'DATA') {
          readingMail = true
          say('354 go on')
        } else if (command === 'QUIT') socket.end('221 bye\r\n')
        else if (command === 'RCPT' && this.refused.has(to)) say(`550 nobody called ${to} here`)
        else say('250 fine')
      }
    })
    say('220 test')
  }
}
