import type { Connection } from './connection.ts'
import { cpuSpentOn } from './process-usage.ts'

interface Reader {
  connection: Connection
  cookie: string
}

/**
 * CPU milliseconds of web for one page, for each reader; null off Linux. Warms up first: V8 compiles what is used again and
 * again only after a while.
 */
export async function cpuOfPage(
  webPid: number,
  readers: readonly Reader[],
  path: string,
  requests: number,
): Promise<(number | null)[]> {
  const ask = async ({ connection, cookie }: Reader) => {
    for (let done = 0; done < requests; done += 1) {
      const { status } = await connection.send(path, cookie)
      if (status !== 200) throw new Error(`${path} was answered ${status}`)
    }
  }
  const spent: (number | null)[] = []
  for (const reader of readers) {
    await ask(reader)
    const { cpu } = await cpuSpentOn({ web: webPid }, () => ask(reader))
    spent.push(cpu.web == null ? null : cpu.web / requests)
  }
  return spent
}
