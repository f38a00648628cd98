// Loaded before a process of the product. Its system clock jumps when it is told to, as after a wrong time server.

let aheadMs = 0
const realDate = Date
const now = () => realDate.now() + aheadMs

globalThis.Date = new Proxy(realDate, {
  construct: (_, args, target) => Reflect.construct(realDate, args.length > 0 ? args : [now()], target),
  apply: () => new realDate(now()).toString(),
  get: (_, name, receiver) => (name === 'now' ? now : Reflect.get(realDate, name, receiver)),
})

process.on('message', (message: { aheadMs?: number }) => {
  if (message.aheadMs !== undefined) aheadMs = message.aheadMs
})
