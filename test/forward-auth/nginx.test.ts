import { describeProxy } from './through-proxy.ts'

describeProxy('nginx', { gateAway: [500], hop: 200 })
