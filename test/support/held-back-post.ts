// A POST whose body does not end until a test says so, as a slow or a hostile client sends it.
import { request } from 'node:http'
import type { TestApp } from './app.ts'
import type { Browser } from './browser.ts'

export interface HeldBackPost {
  /** Sends the rest of the body. */
  finish(): Promise<{ status: number; location: string | null; body: string }>
}

/** Sends all of a form but its last byte, with the cookies of `browser`, and waits until the gate has let it in. */
export async function holdBackPost(
  { origin }: TestApp,
  browser: Browser,
  path: string,
  fields: Record<string, string>,
): Promise<HeldBackPost> {
  // One more field, so that there is a body whatever the form has.
  const body = new URLSearchParams({ ...fields, more: '' }).toString()
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const sent = request(new URL(path, origin), {
    method: 'POST',
    agent: false,
    headers: {
      cookie,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    },
  })
  const answer = new Promise<Awaited<ReturnType<HeldBackPost['finish']>>>((resolve, reject) => {
    sent.once('error', reject).once('response', (res) => {
      let text = ''
      res.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      res.once('end', () =>
        resolve({ status: res.statusCode ?? 0, location: res.headers.location ?? null, body: text }),
      )
    })
  })
  answer.catch(() => {})
  await new Promise((resolve) => sent.write(body.slice(0, -1), resolve))
  // Answered after it, through the same gate.
  await browser.get('/account')
  return {
    finish: () => {
      sent.end(body.slice(-1))
      return answer
    },
  }
}
