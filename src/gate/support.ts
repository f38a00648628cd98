// The support contact of an account, as pages and mails show it. Pure.

export interface Support {
  text: string | null
  link: string | null
  phone: string | null
}

/** Null if nothing is set. */
export function supportOf(stored: Support): Support | null {
  return stored.text || stored.link || stored.phone ? stored : null
}

/** In one line, for mails. */
export function supportLine({ text, link, phone }: Support): string {
  return [text, phone, link].filter(Boolean).join(' · ')
}
