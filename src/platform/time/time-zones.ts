// The time zones that an account can choose. Pure.

/** IANA names, as this Node knows them. Intl leaves UTC out. */
export const TIME_ZONES: readonly string[] = ['UTC', ...Intl.supportedValuesOf('timeZone')]

const NAMES: ReadonlySet<string> = new Set(TIME_ZONES)

export function isTimeZone(name: string): boolean {
  return NAMES.has(name)
}
