import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { neutralCell } from '../../../src/platform/http/csv.ts'

test('no cell begins like a formula, and nothing else in it is changed', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'=+-@\t\r\n ;,"a1＝') }), (text) => {
      const cell = neutralCell(text)

      for (const part of cell.split(/[;\t\r\n]/)) assert.doesNotMatch(part, /^\s*[=+\-@＝]/)
      assert.doesNotMatch(cell, /^[\t\r\n]/)
      assert.equal(cell.replaceAll("'", ''), text)
    }),
  )
})
