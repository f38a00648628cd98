// The demo dashboard beside a gate, as `npm start` runs it, but in this process.
import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { registerDemoApplication } from '../../src/demo/register-demo-application.ts'
import { createDashboard } from '../../src/demo-application/create-dashboard.ts'
import type { TestApp } from '../support/app.ts'

export class RunningDashboard {
  readonly address: string
  readonly #server: Server

  private constructor(server: Server) {
    const { port } = server.address() as AddressInfo
    this.#server = server
    this.address = `http://127.0.0.1:${port}`
  }

  /** Takes a port. It answers after `serve`. */
  static async listen(): Promise<RunningDashboard> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new RunningDashboard(server)
  }

  serve(app: TestApp, clientId: string, clientSecret: string): void {
    const { address } = this
    const issuer = `${app.origin}/oidc`
    this.#server.on('request', createDashboard({ port: 0, address, issuer, clientId, clientSecret }))
  }

  /** Registers it as `npm start` does. Returns its client_id. */
  static async start(app: TestApp): Promise<{ dashboard: RunningDashboard; id: string }> {
    const dashboard = await RunningDashboard.listen()
    const secret = 'a-secret-of-the-demo-dashboard-in-tests'
    const now = app.clock.now()
    const id = await registerDemoApplication(app.deps.db, { address: dashboard.address, secret, now })
    if (id === null) throw new Error('the demo dashboard is not registered')
    dashboard.serve(app, id, secret)
    return { dashboard, id }
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
