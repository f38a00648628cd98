// Whether a text that stays would name an erased person. Pure.

export const WITHOUT_NAME = 'Say it without the name and the address: it stays in the audit log.'

/** The address, or a word of the name. Initials do not count: 'Ed' is not in 'Requested', nor 'J' in a ticket. */
export function namesPerson(text: string, { name, email }: { name: string; email: string }): boolean {
  const words = new Set(wordsOf(text))
  const said = wordsOf(name).filter((word) => word.length > 1)
  return text.toLowerCase().includes(email.toLowerCase()) || said.some((word) => words.has(word))
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .normalize('NFC')
    .split(/[^\p{L}\p{N}]+/u)
}
