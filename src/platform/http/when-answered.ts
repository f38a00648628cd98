import type { Response } from 'express'

/** Calls `then` as soon as the handler has answered. The client may not read the answer, or may have left. */
export function whenAnswered(res: Response, then: () => void): void {
  res.end = new Proxy(res.end, {
    apply(end, self, answer) {
      then()
      return Reflect.apply(end, self, answer)
    },
  })
}
