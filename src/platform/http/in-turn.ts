import type { Response } from 'express'
import pLimit, { type LimitFunction } from 'p-limit'
import { whenAnswered } from './when-answered.ts'

declare global {
  namespace Express {
    interface Locals {
      /** The user whose commands run one after another. Undefined unless signed in. */
      turnOf?: string | undefined
    }
  }
}

const turns = new Map<string, LimitFunction>()

/**
 * Calls `goOn` once the user's earlier commands in this process are answered. Each command locks the row of its user.
 * Without turns, many commands of one user would each hold a connection while they wait for that lock.
 */
export function inTurn(res: Response, goOn: () => void): void {
  const { turnOf } = res.locals
  if (turnOf === undefined) {
    goOn()
    return
  }
  const limit = turns.get(turnOf) ?? pLimit(1)
  turns.set(turnOf, limit)
  limit(() => answered(res, goOn)).then(() => {
    if (limit.activeCount + limit.pendingCount === 0) turns.delete(turnOf)
  })
}

/**
 * Resolves when the handler has answered: a client that leaves does not end its command, and one that does not read its
 * answer must not hold the turn. A request that was given up while it waited is not begun.
 */
function answered(res: Response, goOn: () => void): Promise<void> {
  return new Promise((resolve) => {
    // Of pipelined requests only the first response is closed with its connection.
    if (res.closed || res.writableEnded || res.req.socket.destroyed) return resolve()
    whenAnswered(res, resolve)
    goOn()
  })
}
