// One keep-alive HTTP connection, as cheap as can be: the client shares the cores with what it measures.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Answer {
  status: number
  location: string | null
  /** The session cookie, if one was set. Each sign-in is one in a browser that is not known yet. */
  cookie: string | null
  body: string
}

const HEAD_END = '\r\n\r\n'

export class Connection {
  readonly #socket: Socket
  readonly #host: string
  #unread = ''
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | null = null

  private constructor(socket: Socket, host: string) {
    this.#socket = socket
    this.#host = host
    socket.setNoDelay().setEncoding('latin1')
    socket.on('data', (chunk: string) => this.#receive(chunk))
    socket.on('error', () => {})
    socket.on('close', () => this.#waiting?.reject(new Error('the connection was closed before the answer')))
  }

  static async open(origin: string): Promise<Connection> {
    const { hostname, port, host } = new URL(origin)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    return new Connection(socket, host)
  }

  /** Sends a request with a browser's headers; `form` makes it a POST. */
  send(
    path: string,
    cookie: string | null,
    form?: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const body = form ? new URLSearchParams(form).toString() : ''
    const head = [
      `${form ? 'POST' : 'GET'} ${path} HTTP/1.1`,
      `Host: ${this.#host}`,
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0',
      'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'Accept-Language: en-GB,en;q=0.5',
      'Sec-Fetch-Site: same-origin',
      ...(cookie ? [`Cookie: ${cookie}`] : []),
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ...(form
        ? ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${Buffer.byteLength(body)}`]
        : []),
    ]
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(head.join('\r\n') + HEAD_END + body)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(chunk: string): void {
    this.#unread += chunk
    const headEnd = this.#unread.indexOf(HEAD_END)
    if (headEnd === -1) return
    const head = this.#unread.slice(0, headEnd)
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
    if (length === undefined) {
      this.#waiting?.reject(new Error('an answer of unknown length'))
      this.#socket.destroy()
      return
    }
    const end = headEnd + HEAD_END.length + Number(length)
    if (this.#unread.length < end) return
    const waiting = this.#waiting
    const body = this.#unread.slice(headEnd + HEAD_END.length, end)
    this.#unread = this.#unread.slice(end)
    this.#waiting = null
    waiting?.resolve({
      status: Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)),
      location: /\r\nlocation: (.*)/i.exec(head)?.[1] ?? null,
      cookie: /\r\nset-cookie: ((?!known-browser)[^;]*)/i.exec(head)?.[1] ?? null,
      body,
    })
  }
}
