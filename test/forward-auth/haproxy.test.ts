import { describeProxy } from './through-proxy.ts'

describeProxy('haproxy', { gateAway: [503], hop: 200 })
