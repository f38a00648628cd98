const MAY_PASS = new RegExp(
  `^(${[
    // SQLSTATE classes: connection, transaction rollback, insufficient resources, operator intervention, system error.
    ...['08', '40', '53', '57', '58'],
    // Lock not available, failed, idle or too long transaction, read-only server.
    ...['55P03', '25P02', '25P03', '25P04', '25006'],
    // The driver and the network.
    ...['CONNECT', 'ECONN', 'EPIPE', 'ETIMEDOUT', 'EHOST', 'ENET', 'ENOTFOUND', 'EAI_AGAIN'],
  ].join('|')})`,
)

export function isDatabaseAway(error: unknown): boolean {
  return error instanceof Error && 'code' in error && MAY_PASS.test(String(error.code))
}
