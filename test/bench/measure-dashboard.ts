import type { PageLoad, PagesServed } from './page-load.tool.ts'
import { type Spread, spreadOf } from './spread.ts'
import type { Tool } from './tool.ts'

export interface Dashboard {
  connections: number
  perSecond: Spread
  /** The same page as a plain string from a bare Express, measured just before. */
  bareExpress: Spread
  /** perSecond / bareExpress of the same round. */
  share: Spread
  p50Ms: number
  p99Ms: number
}

interface Round {
  bare: PagesServed
  page: PagesServed
}

export interface Places {
  bareUrl: string
  pageUrl: string
  cookies: readonly string[]
}

/** One measurement: the floor, then the product. */
export async function measureDashboard(
  connections: number,
  pageLoad: Tool<PageLoad, PagesServed>,
  { bareUrl, pageUrl, cookies }: Places,
  seconds: number,
): Promise<Round> {
  const bare = await pageLoad.ask({ url: bareUrl, connections, seconds, cookies: [] })
  return { bare, page: await pageLoad.ask({ url: pageUrl, connections, seconds, cookies }) }
}

export function summariseDashboard(connections: number, rounds: readonly Round[]): Dashboard {
  return {
    connections,
    perSecond: spreadOf(rounds.map(({ page }) => page.perSecond)),
    bareExpress: spreadOf(rounds.map(({ bare }) => bare.perSecond)),
    share: spreadOf(rounds.map(({ page, bare }) => page.perSecond / bare.perSecond)),
    p50Ms: spreadOf(rounds.map(({ page }) => page.p50Ms)).median,
    p99Ms: spreadOf(rounds.map(({ page }) => page.p99Ms)).median,
  }
}
