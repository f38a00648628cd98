// What can be seen of a typed line: every script and emoji, and none of the characters that draw nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { typedLine } from '../../../src/platform/http/typed-text.ts'

const NOTHING: [what: string, text: string][] = [
  ['an empty text', ''],
  ['white space', ' \t\u00a0\u2003\u3000'],
  ['a soft hyphen', '\u00ad'],
  ['a zero width space', '\u200b'],
  ['a zero width joiner', '\u200d'],
  ['a word joiner', '\u2060'],
  ['a byte order mark', '\ufeff'],
  ['a direction mark', '\u200e'],
  ['an interlinear annotation', '\ufff9\ufffb'],
  ['a Hangul choseong filler', '\u115f'],
  ['a Hangul jungseong filler', '\u1160'],
  ['a Hangul filler', '\u3164'],
  ['a halfwidth Hangul filler', '\uffa0'],
  ['a Mongolian vowel separator', '\u180e'],
  ['a Khmer inherent vowel', '\u17b4'],
  ['a blank Braille pattern', '\u2800'],
  ['an Egyptian blank', '\u{13441}\u{13442}'],
  ['a null notehead', '\u{1d159}'],
  ['a tag', '\u{e0041}'],
  ['a variation selector', '\ufe0f\u{e0100}'],
  ['a mark on nothing', '\u0301'],
  ['half a character', '\ud83d'],
  ['no character at all', '\ufdd0\uffff'],
  ['several of them', '\u200b \u00ad\u3164\u2800\u200d'],
]

const SOMETHING = [
  ...['A', '7', '-', '…', '€', 'Zoë', 'Łukasz', 'Ελένη', 'Олена', 'Նարե', 'ნინო', 'መብራቱ', 'ᏣᎳᎩ', 'ᚨ'],
  // Hebrew, Arabic and Persian with a zero width non-joiner, Thaana, N’Ko, Syriac.
  ...['רחל', 'ليلى', 'نمی\u200cدانم', 'އަލީ', 'ߒߞߏ', 'ܡܪܝܡ'],
  // Devanagari and Sinhala with a zero width joiner, Bengali, Tamil, Thai, Lao, Khmer, Burmese, Tibetan.
  ...['क्\u200dष', 'ශ්\u200dරී', 'রবি', 'தமிழ்', 'สมชาย', 'ຄຳ', 'សុខា', 'မြ', 'བསོད'],
  // Hangul as syllables and as jamo, kana, Han, one beyond the basic plane, Mongolian, Yi, Braille, hieroglyphs.
  ...['김', '\u1112\u1161\u11ab', 'さくら', 'カナ', '張 偉', '𠮷', 'ᠪᠣᠯᠳ', 'ꆈ', '⠁', '𓀀'],
  ...['🦊', '👩\u200d💻', '❤\ufe0f', '🇦🇺', '1\ufe0f\u20e3', '🏴\u{e0067}\u{e0062}\u{e007f}'],
  // A letter between what cannot be seen, and what Unicode does not know yet.
  ...['\u2060a\u2060', '\u{323b0}'],
]

const line = typedLine(100)

for (const [what, text] of NOTHING)
  test(`a text of only ${what} is invisible`, () => {
    assert.equal(line.safeParse(text).success, false)
  })

test('every script and every emoji is visible', () => {
  for (const text of SOMETHING) assert.equal(line.parse(text), text)
})
