import type { RequestHandler } from 'express'

const LINGER_MS = 500

/**
 * Closes the connection of a request that was answered before its body arrived. Otherwise an attacker could send the
 * body slowly, and the request would act after its session has ended.
 */
export const cutUnreadRequests: RequestHandler = (req, res, next) => {
  res.once('finish', () => {
    if (req.complete) return
    const handlerWaits = req.listenerCount('data') > 0
    if (handlerWaits) {
      req.unpipe()
      req.pause()
    } else req.resume()
    setTimeout(() => {
      if (handlerWaits || !req.complete) req.socket.destroy()
    }, LINGER_MS)
  })
  next()
}
