import QRCode from 'qrcode'
import type { Config } from '../config.ts'
import type { PendingAuthenticator } from './pending-authenticator.queries.ts'
import { manualKey, provisioningUri } from './totp.ts'

export async function enrolmentView(
  { PUBLIC_URL }: Pick<Config, 'PUBLIC_URL'>,
  { email }: { email: string },
  { secret, pendingUntil }: Pick<PendingAuthenticator, 'secret' | 'pendingUntil'>,
) {
  const issuer = `Portcullis ${new URL(PUBLIC_URL).hostname}`
  const otpauthUri = provisioningUri(secret, issuer, email)
  const qrSvg = await QRCode.toString(otpauthUri, { type: 'svg', margin: 4, errorCorrectionLevel: 'M' })
  return { email, otpauthUri, qrSvg, manualKey: manualKey(secret), pendingUntil }
}
