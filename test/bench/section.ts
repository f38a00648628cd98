import { loadavg } from 'node:os'

/** A part of the bench that can be run alone. */
export interface Section {
  /** For `--json`. */
  figures: object
  text: string
}

export interface SectionOptions {
  quick: boolean
}

/** How busy the machine was in the minute before. */
export function loadNow(): number {
  const [load = 0] = loadavg()
  return load
}
