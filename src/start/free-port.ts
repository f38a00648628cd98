import getPort, { portNumbers } from 'get-port'
import { StartError } from './start-error.ts'

const HIGHEST_PORT = 65_535

/** A port of 127.0.0.1 that is free at this moment, chosen by the system. */
export function anyFreePort(): Promise<number> {
  return getPort({ host: '127.0.0.1' })
}

/**
 * The port to listen on: `wanted` if it was set by hand, else `usual` or the next free one after it. Throws StartError
 * if `wanted` is taken, or if `host` is no address of this machine.
 */
export async function choosePort(
  name: string,
  host: string,
  wanted: number | undefined,
  usual: number,
): Promise<number> {
  await getPort({ host }).catch(() => {
    throw new StartError(`HOST=${host} is no address of this machine.`)
  })
  // Free on every address: a browser may take 'localhost' for ::1, where another server would answer.
  const port = await getPort({ port: wanted ?? portNumbers(usual, HIGHEST_PORT) })
  if (wanted !== undefined && port !== wanted)
    throw new StartError(`${name}=${wanted} is taken or needs more rights. Choose another ${name}.`)
  return port
}
