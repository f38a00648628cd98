// An application as its form shows it before a change. Pure.
import type { ApplicationFacts, TypedApplication } from './application-form.ts'

/** The fields of the form, with ticket and reason empty. */
export function formOf(facts: ApplicationFacts): TypedApplication {
  return {
    ...{ name: facts.name, icon: facts.icon, address: facts.address, roleGroups: facts.roleGroups },
    accounts: facts.everyClient ? 'every' : 'chosen',
    requiresMfa: facts.requiresMfa ? 'yes' : '',
    clientAuth: facts.clientAuth,
    publicKeys: facts.publicKeys ? JSON.stringify(facts.publicKeys, null, 2) : '',
    redirectUris: facts.redirectUris.join('\n'),
    postLogoutRedirectUris: facts.postLogoutRedirectUris.join('\n'),
    backChannelLogoutUri: facts.backChannelLogoutUri ?? '',
    idTokenAlg: facts.idTokenAlg,
    refreshTokens: facts.refreshTokens ? 'yes' : '',
    ticket: '',
    reason: '',
  }
}
