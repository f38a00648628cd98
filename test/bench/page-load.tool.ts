// Asks for one page over many connections, as fast as it comes.
import autocannon from 'autocannon'
import { answerQuestions } from './tool.ts'

export interface PageLoad {
  url: string
  connections: number
  seconds: number
  /** Given to the connections in turn. */
  cookies: readonly string[]
  headers?: Record<string, string>
}

export interface PagesServed {
  perSecond: number
  p50Ms: number
  p99Ms: number
  served: number
}

answerQuestions(async ({ url, connections, seconds, cookies, headers }: PageLoad): Promise<PagesServed> => {
  let opened = 0
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    setupClient: (client) => {
      const cookie = cookies[opened % cookies.length]
      opened += 1
      client.setHeaders({ accept: 'text/html', ...(cookie && { cookie }), ...headers })
    },
  })
  if (result.errors + result.timeouts + result.non2xx > 0)
    throw new Error(
      `of ${url}, ${result.errors} errors, ${result.timeouts} timeouts, ${result.non2xx} not 200`,
    )
  return {
    perSecond: result['2xx'] / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    served: result['2xx'],
  }
})
