// The form of the MFA policy as it is sent: a checkbox for each role group, and what they showed. Pure.
import { z } from 'zod'

const keys = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((given) => [given ?? []].flat())

const form = z.object({
  roleGroups: keys,
  /** Keys with commas between them; empty: nothing was required. */
  basedOn: z
    .string()
    .transform((text) => text.split(',').filter((key) => key !== ''))
    .nullable()
    .catch(null),
})

export interface PolicyForm {
  /** Keys of the role groups that MFA is wanted for: the whole set. */
  roleGroups: string[]
  basedOn: string[] | null
}

/** Reads a form or an address. What makes no sense as a set of keys is a set that no account knows. */
export function readPolicyForm(fields: unknown): PolicyForm {
  const read = form.safeParse(fields)
  return read.success ? read.data : { roleGroups: [''], basedOn: null }
}
