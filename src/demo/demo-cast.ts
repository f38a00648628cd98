export const DEMO_PASSWORD = 'demo-password-please-change'

export interface CastMember {
  email: string
  name: string
  roleGroup: string
  invited?: true
}

export interface CastAccount {
  name: string
  parent?: string
  isPlatform?: true
  requiresMfa: readonly string[]
  people: readonly CastMember[]
}

/** Parents come before their children. */
export const DEMO_CAST: readonly CastAccount[] = [
  {
    name: 'Harbour Group',
    requiresMfa: ['admin', 'tech-operator'],
    people: [
      { email: 'admin@harbour.example', name: 'Amara Okafor', roleGroup: 'admin' },
      { email: 'admin2@harbour.example', name: 'Lucas Lindqvist', roleGroup: 'admin' },
      { email: 'tech@harbour.example', name: 'Theo Marchetti', roleGroup: 'tech-operator' },
      { email: 'finance@harbour.example', name: 'Fiona Gallagher', roleGroup: 'finance-manager' },
      { email: 'support@harbour.example', name: 'Samir Haddad', roleGroup: 'customer-service-operator' },
      { email: 'new.tech@harbour.example', name: 'Nina Kowalska', roleGroup: 'tech-operator', invited: true },
    ],
  },
  {
    name: 'Harbour Retail',
    parent: 'Harbour Group',
    requiresMfa: ['admin', 'tech-operator'],
    people: [
      { email: 'admin@retail.harbour.example', name: 'Rosa Delgado', roleGroup: 'admin' },
      { email: 'tech@retail.harbour.example', name: 'Ravi Menon', roleGroup: 'tech-operator' },
    ],
  },
  {
    name: 'Harbour Online',
    parent: 'Harbour Retail',
    requiresMfa: ['tech-operator'],
    people: [
      { email: 'admin@online.harbour.example', name: 'Oliver Whitfield', roleGroup: 'admin' },
      { email: 'tech@online.harbour.example', name: 'Mei-Ling Chen', roleGroup: 'tech-operator' },
    ],
  },
  {
    name: 'Meridian Foods',
    requiresMfa: [],
    people: [
      { email: 'admin@meridian.example', name: 'Marta Johansson', roleGroup: 'admin' },
      { email: 'tech@meridian.example', name: 'Tomasz Nowak', roleGroup: 'tech-operator' },
    ],
  },
  {
    name: 'Portcullis Platform',
    isPlatform: true,
    // The rules always require MFA on the platform.
    requiresMfa: [],
    people: [
      { email: 'desk@platform.example', name: 'Daniel Achterberg', roleGroup: 'service-desk' },
      { email: 'desk2@platform.example', name: 'Deepa Raman', roleGroup: 'service-desk' },
      { email: 'operator@platform.example', name: 'Oksana Shevchenko', roleGroup: 'operator' },
    ],
  },
]
