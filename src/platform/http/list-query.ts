// What the address of a list says: a search term and a place to go on from. What makes no sense is taken as not said.
// Pure.
import { z } from 'zod'

const MAX_TERM = 100

/** Shorter ones stand in nearly every name, and have no trigram to be found by. */
export const SHORTEST_TERM = 3

/** A search term, as typed. Control characters cannot be searched for (PostgreSQL refuses one of them). */
export const searchTerm = z
  .string()
  .transform((text) =>
    text
      .replace(/[\p{Cc}\s]+/gu, ' ')
      .trim()
      .slice(0, MAX_TERM),
  )
  .catch('')

/** What a parameter says; of one that is said twice the last time counts. */
export function lastSaid(value: unknown): string {
  const last: unknown = Array.isArray(value) ? value.at(-1) : value
  return typeof last === 'string' ? last.trim() : ''
}

/** The id of the last entry of the page before; empty for the first page. */
export const cursor = z.uuid().or(z.literal('')).catch('')

/** One of `choices`, or empty for all. */
export function choice<const Choices extends readonly string[]>(choices: Choices) {
  return z.enum(choices).or(z.literal('')).catch('')
}

/** The address of a list with these parameters; empty ones are left out. */
export function listHref(path: string, parameters: Record<string, string>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== '')
  const query = new URLSearchParams(given).toString()
  return query === '' ? path : `${path}?${query}`
}
