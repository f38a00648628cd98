// Which errors of the database pass by themselves, so that trying again helps.

const MAY_PASS = new RegExp(
  `^(${[
    // SQLSTATE classes: connection lost; transaction rolled back, as by a deadlock; out of disk, memory or connections;
    // stopped, starting or a statement cancelled; input or output of the server failed.
    ...['08', '40', '53', '57', '58'],
    // A lock that was not free, a transaction that was idle or open for too long or has failed before, a server that
    // only reads, as a standby does.
    ...['55P03', '25P02', '25P03', '25P04', '25006'],
    // The driver and the network.
    ...['CONNECT', 'ECONN', 'EPIPE', 'ETIMEDOUT', 'EHOST', 'ENET', 'ENOTFOUND', 'EAI_AGAIN'],
  ].join('|')})`,
)

/** Whether an error says that the database is away, overloaded or refuses to write. Answered 503. */
export function isDatabaseAway(error: unknown): boolean {
  return error instanceof Error && 'code' in error && MAY_PASS.test(String(error.code))
}
