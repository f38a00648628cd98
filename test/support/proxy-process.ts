// Proxies as their documents configure them, each a process of its own.
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { adapted, documented } from './documented.ts'
import { eventually } from './eventually.ts'
import { testFolder } from './run-folder.ts'

const run = promisify(execFile)

export type ProxyName = 'nginx' | 'caddy' | 'haproxy'

/** Where the places of the documents are on this machine. */
export interface Places {
  /** Host and port of https://gate.example. */
  gateHost: string
  /** Host and port of https://reports.example, and of another application behind the same proxy. */
  reportsHost: string
  ledgerHost: string
  /** The port of 127.0.0.1 on which the proxy listens. */
  port: number
  /** Ports of 127.0.0.1 on which the gate and the applications listen. */
  gatePort: number
  reportsPort: number
}

export interface RunningProxy {
  output(): string
  stop(): Promise<void>
}

/** False, or why its tests are skipped. In CI none is. */
export function skipWithout(...programs: string[]): false | string {
  if (process.env.CI === 'true') return false
  const missing = programs.filter((program) => !isInstalled(program))
  return missing.length > 0 && `there is no ${missing.join(', ')}`
}

function isInstalled(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { env: { PATH: systemPath() } })
    return true
  } catch {
    return false
  }
}

/** Debian keeps daemons where only root looks for programs. */
function systemPath(): string {
  return `${process.env.PATH}:/usr/sbin:/usr/local/sbin`
}

/** A certificate for the gate and the applications, signed by itself. */
export async function makeCertificate(folder: string, names: readonly string[]) {
  const [certificate, key] = [join(folder, 'gate.pem'), join(folder, 'gate.key')]
  const subject = names.map((name) => `DNS:${name}`).join(',')
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=portcullis test', '-addext', `subjectAltName=${subject}`],
    ...['-keyout', key, '-out', certificate],
  ])
  await writeFile(
    join(folder, 'both.pem'),
    (await readFile(certificate, 'utf8')) + (await readFile(key, 'utf8')),
  )
  return { certificate, key, both: join(folder, 'both.pem') }
}

const bare = (host: string) => host.replace(/:\d+$/, '')

export async function startProxy(name: ProxyName, places: Places): Promise<RunningProxy> {
  const folder = await testFolder()
  const { gateHost, reportsHost, ledgerHost } = places
  const files = await makeCertificate(folder, [gateHost, reportsHost, ledgerHost].map(bare))
  const command = await COMMANDS[name](folder, places, files)
  return startServer(command, places.port)
}

/** The nginx of its document without TLS, for measurements. Below `/open/` it does not ask the gate. */
export async function startPlainNginx(
  port: number,
  host: string,
  { gate, application }: { gate: number; application: number },
): Promise<RunningProxy> {
  const folder = await testFolder()
  const [block = ''] = documented('nginx.md', 'nginx')
  const configuration = adapted(block, [
    ['127.0.0.1:3000', `127.0.0.1:${gate}`],
    ['127.0.0.1:8080', `127.0.0.1:${application}`],
    ['listen 443 ssl', `listen 127.0.0.1:${port}`],
    ['  ssl_certificate /etc/ssl/gate.pem;\n', ''],
    ['  ssl_certificate_key /etc/ssl/gate.key;\n', ''],
    ['server_name reports.example', `server_name ${bare(host)}`],
    ['X-Forwarded-Host reports.example', `X-Forwarded-Host ${host}`],
    // The load counts a connection that nginx closes, by default after 1000 requests, as an error.
    [
      '  location @refused {',
      `  keepalive_requests 10000000;
  location /open/ { proxy_pass http://reports/; proxy_http_version 1.1; proxy_set_header Connection ""; }
  location @refused {`,
    ],
  ])
  return startServer(await writeNginx(folder, configuration), port)
}

/** The nginx of its document that stands behind another proxy. */
export async function startInnerNginx({
  port,
  gatePort,
  gateHost,
}: Omit<Places, 'reportsHost' | 'ledgerHost' | 'reportsPort'>) {
  const [block = ''] = documented('two-proxies.md', 'nginx')
  const configuration = adapted(block, [
    ['127.0.0.1:3000', `127.0.0.1:${gatePort}`],
    ['listen 10.0.0.2:80', `listen 127.0.0.1:${port}`],
    ['server_name gate.example', `server_name ${bare(gateHost)}`],
  ])
  return startServer(await writeNginx(await testFolder(), configuration), port)
}

async function writeNginx(folder: string, configuration: string): Promise<string[]> {
  await mkdir(join(folder, 'temp'))
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${join(folder, 'temp', kind)};`)
    .join('\n')
  const whole = `daemon off;\nworker_processes 1;\npid ${join(folder, 'pid')};\nerror_log stderr warn;
events {}\nhttp {\naccess_log off;\n${temps}\n${configuration}\n}`
  await writeFile(join(folder, 'nginx.conf'), whole)
  return ['nginx', '-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')]
}

type Files = Awaited<ReturnType<typeof makeCertificate>>

const COMMANDS: Record<ProxyName, (folder: string, places: Places, files: Files) => Promise<string[]>> = {
  nginx: async (folder, places, { certificate, key }) => {
    const [block = ''] = documented('nginx.md', 'nginx')
    const reports = adapted(block, [
      ['127.0.0.1:3000', `127.0.0.1:${places.gatePort}`],
      ['127.0.0.1:8080', `127.0.0.1:${places.reportsPort}`],
      ['listen 443 ssl', `listen 127.0.0.1:${places.port} ssl`],
      ['/etc/ssl/gate.pem', certificate],
      ['/etc/ssl/gate.key', key],
      ['server_name gate.example', `server_name ${bare(places.gateHost)}`],
      ['server_name reports.example', `server_name ${bare(places.reportsHost)}`],
      ['Host gate.example', `Host ${places.gateHost}`],
      ['X-Forwarded-Host reports.example', `X-Forwarded-Host ${places.reportsHost}`],
    ])
    // The server of another application is the same with another name.
    const server = reports.slice(reports.lastIndexOf('\nserver {'))
    const ledger = adapted(server, [[bare(places.reportsHost), bare(places.ledgerHost)]])
    return writeNginx(folder, reports + ledger)
  },

  caddy: async (folder, places, { certificate, key }) => {
    const [block = ''] = documented('caddy.md', 'caddyfile')
    const tls = `\ttls ${certificate} ${key}\n\tbind 127.0.0.1`
    const site = (host: string) => `https://${host} {\n${tls}`
    const sites = adapted(block, [
      ['127.0.0.1:3000', `127.0.0.1:${places.gatePort}`],
      ['127.0.0.1:8080', `127.0.0.1:${places.reportsPort}`],
      ['gate.example {', site(places.gateHost)],
      ['reports.example {', site(places.reportsHost)],
      ['Host gate.example', `Host ${places.gateHost}`],
    ])
    const ledger = adapted(sites.slice(sites.lastIndexOf(`https://${places.reportsHost}`)), [
      [places.reportsHost, places.ledgerHost],
    ])
    const options = '{\n\tadmin off\n\tauto_https off\n}\n'
    await writeFile(join(folder, 'Caddyfile'), options + sites + ledger)
    return ['caddy', 'run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile']
  },

  haproxy: async (folder, places, { both }) => {
    const [block = ''] = documented('haproxy.md', 'haproxy')
    const [lua = ''] = documented('haproxy.md', 'lua')
    const script = join(folder, 'portcullis.lua')
    await writeFile(
      script,
      adapted(lua, [
        ['127.0.0.1:3000', `127.0.0.1:${places.gatePort}`],
        ['"gate.example"', `"${places.gateHost}"`],
      ]),
    )
    const configuration = adapted(block, [
      ['/etc/haproxy/portcullis.lua', script],
      ['/etc/haproxy/certificates.pem', both],
      ['bind :443', `bind 127.0.0.1:${places.port}`],
      ['127.0.0.1:3000', `127.0.0.1:${places.gatePort}`],
      ['127.0.0.1:8080', `127.0.0.1:${places.reportsPort}`],
      ['gate.example', places.gateHost],
      // The name of another application stands beside it.
      ['-m str reports.example', `-m str ${places.reportsHost} ${places.ledgerHost}`],
    ])
    await writeFile(join(folder, 'haproxy.cfg'), `${configuration}\n`)
    return ['haproxy', '-db', '-f', join(folder, 'haproxy.cfg')]
  },
}

export async function startServer(
  [program = '', ...parameters]: string[],
  port: number,
  env: Record<string, string> = {},
): Promise<RunningProxy> {
  const child = spawn(program, parameters, {
    env: { PATH: systemPath(), HOME: await testFolder(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const ended = once(child, 'exit').then(() => process.off('exit', killWithUs))
  await eventually(`${program} listens`, async () => {
    if (child.exitCode !== null) throw new Error(`${program} ended:\n${output}`)
    return isOpen(port)
  })
  return {
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
