// What a check of the installation found. Pure.

export interface Finding {
  about: string
  state: 'ok' | 'warning' | 'problem'
  /** What is so, and for a warning or a problem what to do. */
  text: string
}

type Say = (text: string) => Finding

/** The three ways in which a check about one thing may end. */
export function findingsAbout(about: string): { ok: Say; warning: Say; problem: Say } {
  return {
    ok: (text) => ({ about, state: 'ok', text }),
    warning: (text) => ({ about, state: 'warning', text }),
    problem: (text) => ({ about, state: 'problem', text }),
  }
}

/** The message of an error, for one line of output. A failed query is named without its values. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const text = cause instanceof Error ? cause.message || cause.name : String(cause)
  return text.split('\n')[0] ?? ''
}
