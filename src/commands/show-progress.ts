import type { WriteStream } from 'node:tty'

const BAR_WIDTH = 40

export function showProgress(
  total: number,
  out: Pick<WriteStream, 'isTTY' | 'write'>,
  what = 'users',
): (done: number) => void {
  const startedAt = Date.now()
  let shownTenth = 0
  return (done) => {
    const share = done / total
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
    const text = `${Math.floor(share * 100)} % ${done} of ${total} ${what}, ${seconds} s`
    if (out.isTTY) {
      const bar = '#'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.')
      out.write(`\r[${bar}] ${text}${done === total ? '\n' : ''}`)
    } else if (Math.floor(share * 10) > shownTenth) {
      shownTenth = Math.floor(share * 10)
      out.write(`${text}\n`)
    }
  }
}
