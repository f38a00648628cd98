/** A refusal or no answer. The message names no person and no address. */
export class NotToldError extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(`The application ${what}.`, options)
    this.name = 'NotToldError'
  }
}

const LIMIT_MS = 2500

/** Resolves if the application confirms with 200 or 204. Follows no redirect and reads no body. Throws NotToldError. */
export async function postLogoutToken(uri: string, token: string): Promise<void> {
  const answer = await fetch(uri, {
    method: 'POST',
    body: new URLSearchParams({ logout_token: token }),
    redirect: 'manual',
    signal: AbortSignal.timeout(LIMIT_MS),
  }).catch((cause) => {
    throw new NotToldError(describe(cause), { cause })
  })
  await answer.body?.cancel()
  if (answer.status !== 200 && answer.status !== 204) throw new NotToldError(`answered ${answer.status}`)
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'could not be reached'
  if (error.name === 'TimeoutError') return `did not answer within ${LIMIT_MS / 1000} seconds`
  const { cause } = error
  return cause instanceof Error && 'code' in cause
    ? `could not be reached: ${String(cause.code)}`
    : 'could not be reached'
}
