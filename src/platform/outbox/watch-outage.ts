import type { Logger } from '../log.ts'

export interface Outage {
  lasting(): boolean
  began(error: unknown): void
  ended(): void
}

/** Logs one line at the start of an outage and one at its end, not each error. */
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
