// The addresses of Redis Sentinels, which share one way in. Pure.

/** Parses REDIS_SENTINELS. Throws an Error. */
export function readSentinels(text: string): URL[] {
  const entries = text.split(',').map((entry) => entry.trim())
  if (!entries.every((entry) => /^rediss?:\/\/[^/?#]+$/.test(entry) && URL.canParse(entry)))
    throw new Error('must be addresses such as redis://one:26379,redis://two:26379')
  const sentinels = entries.map((entry) => new URL(entry))
  const waysIn = new Set(sentinels.map((url) => `${url.protocol}${url.username}:${url.password}`))
  if (waysIn.size > 1) throw new Error('must give every sentinel the same scheme, user and password')
  return sentinels
}
