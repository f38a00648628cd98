// What gate pages and mails show of an account: its support contact and its logo. Pure.

export interface Support {
  text: string | null
  link: string | null
  phone: string | null
}

export interface ShownLogo {
  src: string
  /** The name of the account whose logo it is. */
  alt: string
  width: number
  height: number
  /** False: the platform's, for want of one of the account. */
  isOwn: boolean
}

/** Null if nothing is set. */
export function supportOf(stored: Support): Support | null {
  return stored.text || stored.link || stored.phone ? stored : null
}

/** In one line, for mails. */
export function supportLine({ text, link, phone }: Support): string {
  return [text, phone, link].filter(Boolean).join(' · ')
}

/** The address changes with the content, so that browsers may keep it. */
export function logoPath({ hash, type }: { hash: string; type: string }): string {
  return `/logos/${hash}.${type}`
}
