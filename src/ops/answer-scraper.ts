import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import type { Config } from '../config.ts'
import type { Metrics } from './metrics.ts'

/** A middleware, not a route: Express would reveal a route to an anonymous OPTIONS request. */
export function answerScraper(
  { OPS_METRICS_TOKEN: token }: Pick<Config, 'OPS_METRICS_TOKEN'>,
  metrics: Metrics,
): RequestHandler {
  return async (req, res, next) => {
    if (req.method !== 'GET' || req.path !== '/ops/metrics') return next()
    const [, given] = /^Bearer +(\S+)$/i.exec(req.get('authorization') ?? '') ?? []
    if (given === undefined) return next()
    if (token !== undefined && isSame(given, token)) return metrics.answer(res)
    res.set('WWW-Authenticate', 'Bearer').sendStatus(401)
  }
}

/** Compares in constant time; the hashes have equal lengths. */
function isSame(given: string, token: string): boolean {
  return timingSafeEqual(sha256(given), sha256(token))
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
