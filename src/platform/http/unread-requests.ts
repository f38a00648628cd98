import type { RequestHandler } from 'express'

/** So long a client has to read the answer, and to finish a body that is on its way, before its connection is cut. */
const LINGER_MS = 500

/**
 * Cuts the connection of a request that was answered before it had arrived. An attacker could otherwise trickle a body
 * and have the request act long after it was answered, or after its session was ended.
 */
export const cutUnreadRequests: RequestHandler = (req, res, next) => {
  res.once('finish', () => {
    if (req.complete) return
    const handlerWaits = req.listenerCount('data') > 0
    if (handlerWaits) {
      // Nothing more of it is read, so the handler never runs.
      req.unpipe()
      req.pause()
    } else req.resume()
    setTimeout(() => {
      if (handlerWaits || !req.complete) req.socket.destroy()
    }, LINGER_MS)
  })
  next()
}
