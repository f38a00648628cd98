import type { Logger } from '../log.ts'

export interface Outage {
  lasting(): boolean
  /** It failed. */
  began(error: unknown): void
  /** It works. */
  ended(): void
}

/** Logs one line when something stops working and one when it works again, however many errors come in between. */
export function watchOutage(log: Logger, lines: { began: string; ended: string }): Outage {
  let lasting = false
  return {
    lasting: () => lasting,
    began(err) {
      if (lasting) return
      lasting = true
      log.error({ err }, lines.began)
    },
    ended() {
      if (!lasting) return
      lasting = false
      log.info(lines.ended)
    },
  }
}
