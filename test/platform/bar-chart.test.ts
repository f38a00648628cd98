// The small charts of Home and of the operators: their bars, and what they say in words.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { barChart } from '../../src/platform/bar-chart.ts'
import { createViews } from '../../src/platform/http/render.ts'

const counted = (...counts: number[]) => counts.map((count, index) => ({ label: `day ${index + 1}`, count }))

describe('a chart of counts by day', () => {
  const TABLE: [number[], { x: number; y: number; height: number }[]][] = [
    [[5], [{ x: 1, y: 0, height: 100 }]],
    [
      [1, 2, 4],
      [
        { x: 1, y: 75, height: 25 },
        { x: 11, y: 50, height: 50 },
        { x: 21, y: 0, height: 100 },
      ],
    ],
    [
      [3, 0, 3],
      [
        { x: 1, y: 0, height: 100 },
        { x: 21, y: 0, height: 100 },
      ],
    ],
    [
      [1, 1000],
      [
        { x: 1, y: 96, height: 4 },
        { x: 11, y: 0, height: 100 },
      ],
    ],
    [[0, 0], []],
  ]
  for (const [counts, bars] of TABLE)
    test(`a chart of ${counts.join(', ')} has ${bars.length} bars`, () => {
      const chart = barChart(counted(...counts))

      assert.deepEqual(
        chart.bars.map(({ x, y, height }) => ({ x, y, height })),
        bars,
      )
      assert.equal(chart.width, counts.length * 10)
    })

  test('a chart of only zeros has no highest day', () => {
    assert.equal(barChart(counted(0, 0, 0)).most, null)
    assert.equal(barChart(counted(0, 0, 0)).total, 0)
  })

  test('a chart names the latest of several highest days, the first and the last day', () => {
    const { most, first, last, total } = barChart(counted(1, 7, 7, 2))

    assert.deepEqual(most, { label: 'day 3', count: 7 })
    assert.deepEqual([first, last, total], ['day 1', 'day 4', 17])
  })

  test('a chart without days is an error', () => {
    assert.throws(() => barChart([]))
  })

  test('every bar stays within the drawing and apart from the next, and a higher count never has a lower bar', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 100_000 }), { minLength: 1, maxLength: 40 }), (counts) => {
        const { width, height, bars, total } = barChart(counted(...counts))

        assert.equal(bars.length, counts.filter((count) => count > 0).length)
        assert.equal(
          total,
          counts.reduce((sum, count) => sum + count, 0),
        )
        for (const [index, bar] of bars.entries()) {
          assert.ok(bar.x >= 0 && bar.x + bar.width <= width)
          assert.ok(bar.height >= 4 && bar.y + bar.height === height && bar.y >= 0)
          const next = bars[index + 1]
          if (!next) continue
          assert.ok(bar.x + bar.width < next.x)
          assert.ok((bar.count - next.count) * (bar.height - next.height) >= 0)
        }
        if (bars.length) assert.equal(Math.max(...bars.map((bar) => bar.height)), height)
      }),
    )
  })
})

describe('the drawing', () => {
  const views = createViews()
  const draw = (counts: { label: string; count: number }[], summary: string) =>
    views.renderString(
      `{% from "components/bar-chart.njk" import barChart %}{{ barChart(chart, summary, 'Nothing.', 'day', 1000) }}`,
      { chart: barChart(counts), summary },
    )

  test('the drawing gives its numbers in words, by day to the eye and as a whole to screen readers', () => {
    const html = draw(counted(0, 2, 1000), 'Failed, last 3 days: 1002')

    assert.match(html, /<svg [^>]*role="img" aria-label="Failed, last 3 days: 1002">/)
    assert.match(html, /<th scope="row">day 3<\/th><td>1000 or more<\/td>/)
    assert.match(html, /<th scope="row">day 2<\/th><td>2<\/td>/)
    assert.match(html, /<th scope="row">Any other day<\/th><td>0<\/td>/)
    assert.doesNotMatch(html, /day 1<\/th>/)
  })

  test('the drawing labels no other day where each has its number', () => {
    assert.doesNotMatch(draw(counted(1, 2), 'x'), /other day/)
  })

  test('a drawing of zeros is a sentence', () => {
    const html = draw(counted(0, 0), 'x')

    assert.match(html, /<p class="empty">Nothing\.<\/p>/)
    assert.doesNotMatch(html, /<svg/)
  })

  test('the drawing escapes its input and sets no styles itself', () => {
    const html = draw([{ label: '"><script>alert(1)</script>', count: 1 }], '"><img src=x>')

    assert.doesNotMatch(html, /<script|<img|style=/)
    assert.match(html, /&lt;script&gt;/)
  })
})
