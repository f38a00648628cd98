import type { RequestHandler } from 'express'

/** So long a client has to read the answer before its connection is cut. */
const LINGER_MS = 500

/**
 * Cuts the connection of a request that was answered before it had arrived. An attacker could otherwise trickle a body
 * and have the request act long after it was answered, or after its session was ended.
 */
export const cutUnreadRequests: RequestHandler = (req, res, next) => {
  res.once('finish', () => {
    if (req.complete) return
    // Nothing more of it is read, so its handler never runs.
    req.unpipe()
    req.pause()
    setTimeout(() => req.socket.destroy(), LINGER_MS)
  })
  next()
}
