// The form of the MFA policy: a checkbox for each role group, and the policy that it showed. Pure.
import { z } from 'zod'

const keys = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((given) => [given ?? []].flat())

const form = z.object({
  roleGroups: keys,
  /** Keys, comma-separated. Empty means that the form showed no requirement. */
  basedOn: z
    .string()
    .transform((text) => text.split(',').filter((key) => key !== ''))
    .nullable()
    .catch(null),
})

export interface PolicyForm {
  roleGroups: string[]
  basedOn: string[] | null
}

/** Reads a form or an address. Malformed input becomes the key '', which no account has. */
export function readPolicyForm(fields: unknown): PolicyForm {
  const read = form.safeParse(fields)
  return read.success ? read.data : { roleGroups: [''], basedOn: null }
}
