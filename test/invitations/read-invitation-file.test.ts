// What is read of a list of people, whatever program saved it: all of it, or it is refused as a whole.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type InvitationFile, readInvitationFile } from '../../src/invitations/read-invitation-file.ts'
import { csvRows, neutralCell } from '../../src/platform/http/csv.ts'

const HEAD = 'email,name,roleGroups\n'
const utf8 = (text: string) => new TextEncoder().encode(text)
const bytes = (...parts: (number[] | Uint8Array)[]) => Buffer.concat(parts.map((part) => Buffer.from(part)))

function utf16(text: string, order: 'le' | 'be'): Buffer {
  const encoded = Buffer.from(`\ufeff${text}`, 'utf16le')
  return order === 'le' ? encoded : encoded.swap16()
}

function namesIn(file: InvitationFile): string[] {
  assert.ok('lines' in file, JSON.stringify(file))
  return file.lines.map(({ name }) => name)
}

function problemOf(file: InvitationFile): string {
  assert.ok('problem' in file, 'it is refused')
  return file.problem
}

describe('encodings', () => {
  const text = `${HEAD}zoe@a.example,Zoë Müller 張 🚪,tech-operator\n`

  test('UTF-8 with and without a byte order mark, and UTF-16 with one, are read without loss', () => {
    for (const file of [
      utf8(text),
      bytes([0xef, 0xbb, 0xbf], utf8(text)),
      utf16(text, 'le'),
      utf16(text, 'be'),
    ])
      assert.deepEqual(namesIn(readInvitationFile(file)), ['Zoë Müller 張 🚪'])
  })

  test('Windows-1252 is refused, and the line is named', () => {
    const file = bytes(
      utf8(`${HEAD}a@a.example,Ann,tech-operator\nb@a.example,Ren`),
      [0xe9],
      utf8(',tech-operator\n'),
    )

    assert.match(problemOf(readInvitationFile(file)), /^Line 3 is not UTF-8; it looks like Windows-1252/)
  })

  test('UTF-16 without a mark, damaged UTF-16 and binary data are refused', () => {
    const unmarked = utf16(text, 'le').subarray(2)
    const damaged = bytes(utf16(text, 'le'), [0x00, 0xd8])
    assert.match(problemOf(readInvitationFile(unmarked)), /not UTF-8|no text/)
    assert.match(problemOf(readInvitationFile(utf16(HEAD, 'le').subarray(2))), /not UTF-8 text/)
    assert.match(problemOf(readInvitationFile(damaged)), /damaged/)
    assert.match(problemOf(readInvitationFile(bytes([0x50, 0x4b, 3, 4, 0, 0, 0xff]))), /UTF-8/)
  })
})

describe('columns', () => {
  test('columns stand in any order, by their names, between commas, semicolons or tabs', () => {
    for (const delimiter of [',', ';', '\t']) {
      const file = [
        ['Name', 'Role groups', 'E-mail address'],
        ['Ann', 'tech-operator|finance-manager', 'a@a.example'],
      ]
      const text = file.map((cells) => cells.join(delimiter)).join('\r\n')
      assert.deepEqual(readInvitationFile(utf8(text)), {
        lines: [
          {
            line: 2,
            email: 'a@a.example',
            name: 'Ann',
            roleGroups: 'tech-operator|finance-manager',
            whole: true,
          },
        ],
      })
    }
  })

  test('missing, doubled and unknown columns are named, and the file is refused', () => {
    for (const head of ['', 'email,name', 'email,name,roleGroups,email', 'a@a.example,Ann,tech-operator'])
      assert.match(
        problemOf(readInvitationFile(utf8(`${head}\nx,y,z\n`))),
        /The first line must name the columns/,
      )
    assert.match(problemOf(readInvitationFile(utf8('email,name,roleGroups,phone\n'))), /no column “phone”/)
    assert.match(problemOf(readInvitationFile(utf8(HEAD))), /It has no people/)
  })

  test('a line with more or fewer cells is kept and marked', () => {
    const file = readInvitationFile(utf8(`${HEAD}a@a.example,Ann\nb@a.example,Ben,tech-operator,more\nc\n`))
    assert.ok('lines' in file)
    assert.deepEqual(
      file.lines.map(({ line, email, whole }) => [line, email, whole]),
      [
        [2, 'a@a.example', false],
        [3, 'b@a.example', false],
        [4, 'c', false],
      ],
    )
  })
})

test('a line is numbered from where it begins in the file, through empty lines and line breaks in cells', () => {
  const text = `${HEAD}\r\na@a.example,"Ann\r\nLee",tech-operator\r\n\r\nb@a.example,"Ben ""B"" Bo",x\r\nc@a.example,Cy "C" Co,x`
  const file = readInvitationFile(utf8(text.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n')))
  assert.ok('lines' in file)
  assert.deepEqual(
    file.lines.map(({ line, name }) => [line, name]),
    [
      [3, 'Ann\nLee'],
      [6, 'Ben "B" Bo'],
      [7, 'Cy "C" Co'],
    ],
  )
})

test('a quotation mark that is never closed refuses the file and names the line', () => {
  const text = `${HEAD}a@a.example,Ann,x\nb@a.example,"Ben,x\nc@a.example,Cy,x\n`
  assert.match(problemOf(readInvitationFile(utf8(text))), /never closed near line [34]/)
})

test('5 001 people are refused immediately, and 5 000 are accepted', () => {
  const line = (_: unknown, i: number) => `p${i}@a.example,P,x`
  assert.equal(
    namesIn(readInvitationFile(utf8(HEAD + Array.from({ length: 5000 }, line).join('\n')))).length,
    5000,
  )
  assert.match(
    problemOf(readInvitationFile(utf8(HEAD + Array.from({ length: 5001 }, line).join('\n')))),
    /^It names more than 5000 people/,
  )
})

test('no more of a file is read than is needed to refuse it', () => {
  // A reader who goes on comes to a quotation mark that is never closed, and refuses the file for that.
  const problem = (text: string) => problemOf(readInvitationFile(utf8(`${HEAD}${text}\n"`)))

  assert.match(problem('a'), /never closed/)
  assert.match(problem('a\n'.repeat(5001)), /^It names more than 5000 people/)
  assert.match(problem(','.repeat(1_000_000)), /^Line 2 is far too long/)
})

test('csvRows output is read back line by line, and no cell begins a formula', () => {
  const cell = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((text) => !/[\0\r\ud800-\udfff]/.test(text) && text.trim() === text && text !== '')
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 20 }), (rows) => {
      const file = readInvitationFile(utf8(HEAD + csvRows(rows)))
      assert.ok('lines' in file, JSON.stringify(file))
      assert.equal(file.lines.length, rows.length)
      for (const [i, { email, name }] of file.lines.entries()) {
        assert.equal(email, neutralCell(rows[i]?.[0] ?? ''))
        assert.doesNotMatch(name, /^[=+\-@]/)
      }
    }),
  )
})
