// How an instant is written where nobody's time zone is known: exact, in UTC, the same on pages and in mails.

const UTC = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
})

/** '24 Nov 2026, 08:15 UTC'. */
export function instantText(instant: Date): string {
  return `${UTC.format(instant)} UTC`
}
