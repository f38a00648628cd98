// A small dashboard as a stranger would put it behind the gate: an OpenID Connect relying party in its own process.
import { createDashboard } from './create-dashboard.ts'
import { readSettings } from './settings.ts'

const settings = readSettings(process.env)
const server = createDashboard(settings).listen(settings.port, '127.0.0.1', (error?: Error) => {
  if (error) throw error
  process.send?.('ready')
})

for (const event of ['SIGTERM', 'SIGINT', 'SIGHUP', 'disconnect'])
  process.on(event, () => {
    server.close(() => process.exit())
    server.closeAllConnections()
  })
