import { describeProxy } from './through-proxy.ts'

describeProxy('caddy', { gateAway: [502, 504], hop: 400 })
