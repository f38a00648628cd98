import { z } from 'zod'

const settings = z.object({
  PORT: z.coerce.number().int(),
  /** Where browsers reach this dashboard. */
  ADDRESS: z.url(),
  ISSUER: z.url(),
  CLIENT_ID: z.string(),
  CLIENT_SECRET: z.string(),
})

export interface Settings {
  port: number
  address: string
  issuer: string
  clientId: string
  clientSecret: string
}

/** Reads the environment. Throws if something is missing. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { PORT, ADDRESS, ISSUER, CLIENT_ID, CLIENT_SECRET } = settings.parse(env)
  return { port: PORT, address: ADDRESS, issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET }
}
