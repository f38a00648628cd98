// Query parameters of lists. Invalid values count as empty. Pure.
import { z } from 'zod'

const MAX_TERM = 100

export const SHORTEST_TERM = 3

export const searchTerm = z
  .string()
  .transform((text) =>
    // By characters: half of a surrogate pair is no text that PostgreSQL takes.
    [...text.replace(/[\p{Cc}\s]+/gu, ' ').trim()].slice(0, MAX_TERM).join(''),
  )
  .catch('')

export function lastSaid(value: unknown): string {
  const last: unknown = Array.isArray(value) ? value.at(-1) : value
  return typeof last === 'string' ? last.trim() : ''
}

export const cursor = z.uuid().or(z.literal('')).catch('')

/** One of `choices`, or empty for all. */
export function choice<const Choices extends readonly string[]>(choices: Choices) {
  return z.enum(choices).or(z.literal('')).catch('')
}

/** Omits empty parameters. */
export function listHref(path: string, parameters: Record<string, string>): string {
  const query = new URLSearchParams(given(parameters)).toString()
  return query === '' ? path : `${path}?${query}`
}

/** The parameters that are not empty. */
export function given(parameters: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== ''))
}
