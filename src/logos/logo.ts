// A logo as it is stored, and why a file is none. Pure.

export const MAX_LOGO_BYTES = 64 * 1024

export interface Logo {
  type: LogoType
  content: Buffer
  width: number
  height: number
}

export const CONTENT_TYPES = { svg: 'image/svg+xml; charset=utf-8', png: 'image/png' } as const
export type LogoType = keyof typeof CONTENT_TYPES

/** Thrown by the readers of files. The message is for the person who chose the file. */
export class LogoProblem extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LogoProblem'
  }
}
