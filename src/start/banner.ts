import { roleGroupName } from '../access/role-group-name.ts'
import { DEMO_CAST, DEMO_PASSWORD } from '../demo/demo-cast.ts'

export interface BannerFacts {
  address: string
  inbox: string | null
  /** The address of the demo dashboard. */
  demoApplication: string | null
  dataDir: string
  ownDatabase: boolean
  content: 'nothing' | 'demo' | 'accounts'
}

const INDENT = '  '

const NO_ACCOUNTS =
  'There are no accounts, and no demo data for others to reach. Begin with: npm run create-platform -- --email E --name N (or DEMO_DATA=on).'

export function banner({
  address,
  inbox,
  demoApplication,
  dataDir,
  ownDatabase,
  content,
}: BannerFacts): string {
  const lines = [
    '',
    'Portcullis is up.',
    '',
    `  Portcullis ${address}`,
    ...(inbox ? [`  Inbox      ${inbox}  (every mail it sends)`] : []),
    ...(demoApplication ? [`  Quayside   ${demoApplication}  (a demo dashboard behind this gate)`] : []),
    `  Data       ${ownDatabase ? `DATABASE_URL, secrets in ${dataDir}` : `${dataDir}  (remove it to start afresh)`}`,
    '',
    ...(content === 'demo' ? demoLines() : []),
    ...(content === 'nothing' ? [NO_ACCOUNTS, ''] : []),
    'Ctrl-C stops everything.',
    '',
  ]
  return lines.map((line) => (line === '' ? '' : INDENT + line)).join('\n')
}

function demoLines(): string[] {
  const people = DEMO_CAST.flatMap(({ name, people }) =>
    people.map((person) => ({ ...person, account: name })),
  )
  const width = Math.max(...people.map(({ email }) => email.length))
  return [
    `Demo accounts, password of all: ${DEMO_PASSWORD}`,
    '',
    ...people.map(
      ({ email, roleGroup, account, invited }) =>
        `  ${email.padEnd(width)}  ${roleGroupName(roleGroup)}, ${account}${invited ? ' (invited: open the link in the mail)' : ''}`,
    ),
    '',
    'Try first: sign in as tech@harbour.example and scan the QR code with any authenticator app. Then do the',
    'same as admin@harbour.example in another browser, and reset the MFA of the first.',
    '',
  ]
}
