// Why a person may not enter an application, and whom to ask. Pure.
import type { Person } from '../gate/facts.ts'
import { helperOf } from '../gate/helper-of.ts'
import type { EntryRefusal } from './may-enter.ts'

export function refusalText(
  refusal: Exclude<EntryRefusal, 'mfa'>,
  application: { name: string },
  person: Pick<Person, 'clientName' | 'ofPlatform' | 'roleGroups'>,
): { title: string; advice: string } {
  const title = `You may not open ${application.name}`
  switch (refusal) {
    case 'disabled':
      return { title, advice: `${application.name} is switched off for everyone. Ask the Service Desk.` }
    case 'client':
      return {
        title,
        advice: `${application.name} is not open to your client account. Ask the Service Desk.`,
      }
    case 'role-group':
      return {
        title,
        advice: `${application.name} is not open to your role groups. Ask ${helperOf(person)} for one that may open it.`,
      }
  }
}
