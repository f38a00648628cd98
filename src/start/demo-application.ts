import { isThisMachine, type StartConfig } from '../config.ts'
import { registerDemoApplication } from '../demo/register-demo-application.ts'
import { MODULE_SUFFIX } from '../platform/project-root.ts'
import { choosePort } from './free-port.ts'
import { keptSecret } from './secrets.ts'
import { type SupervisedChild, superviseChild } from './supervise-child.ts'
import { withDatabase } from './with-database.ts'

const USUAL_PORT = 3100
const HOST = '127.0.0.1'

interface Gate {
  address: string
  dataDir: string
  databaseUrl: string
}

/** Registers the demo dashboard and starts it. Null where others reach the gate: it serves this machine only. */
export async function startDemoApplication(
  config: Pick<StartConfig, 'DEMO_APPLICATION_PORT'>,
  gate: Gate,
  say: (line: string) => void,
): Promise<{ child: SupervisedChild; address: string } | null> {
  if (!isThisMachine(new URL(gate.address).hostname)) return null
  const port = await choosePort('DEMO_APPLICATION_PORT', HOST, config.DEMO_APPLICATION_PORT, USUAL_PORT)
  const address = `http://localhost:${port}`
  const secret = await keptSecret(gate.dataDir, 'demo-application-secret')
  const clientId = await withDatabase(gate.databaseUrl, ({ db }) =>
    registerDemoApplication(db, { address, secret, now: new Date() }),
  )
  if (clientId === null) return null
  const child = superviseChild({
    name: 'demo dashboard',
    module: new URL(`../demo-application/main${MODULE_SUFFIX}`, import.meta.url),
    // It gets what an application of others would know, and none of our secrets.
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      ADDRESS: address,
      ISSUER: `${gate.address}/oidc`,
      CLIENT_ID: clientId,
      CLIENT_SECRET: secret,
    },
    say,
  })
  return { child, address }
}
