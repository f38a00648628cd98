// The pages of the demo dashboard, one for each role group. All figures are made up. Pure.

export interface Page {
  path: string
  title: string
  /** The key of the role group that may open it, and its name. */
  roleGroup: string
  roleName: string
  lede: string
  figures: readonly [label: string, value: string][]
  columns: readonly string[]
  rows: readonly (readonly string[])[]
}

export const PAGES: readonly Page[] = [
  {
    path: '/team',
    title: 'Team',
    roleGroup: 'admin',
    roleName: 'Admin',
    lede: 'Who works on what this week.',
    figures: [
      ['People', '42'],
      ['On leave', '3'],
      ['Open positions', '2'],
    ],
    columns: ['Team', 'Lead', 'People'],
    rows: [
      ['Payments', 'Amara Okafor', '14'],
      ['Treasury', 'Fiona Gallagher', '9'],
      ['Platform', 'Theo Marchetti', '11'],
    ],
  },
  {
    path: '/month-end',
    title: 'Month end',
    roleGroup: 'finance-admin',
    roleName: 'Finance Admin',
    lede: 'What is left until the books close.',
    figures: [
      ['Days left', '4'],
      ['Accounts reconciled', '31 of 36'],
      ['Differences', '2'],
    ],
    columns: ['Account', 'Difference', 'State'],
    rows: [
      ['Settlement EUR', '0.00', 'Reconciled'],
      ['Settlement AUD', '120.40', 'In review'],
      ['Fees', '0.00', 'Reconciled'],
    ],
  },
  {
    path: '/approvals',
    title: 'Payments to approve',
    roleGroup: 'finance-manager',
    roleName: 'Finance Manager',
    lede: 'Payments above the limit wait for a second pair of eyes.',
    figures: [
      ['Waiting', '3'],
      ['Sum', '48 200.00'],
      ['Oldest', '2 hours'],
    ],
    columns: ['Payee', 'Amount', 'Asked by'],
    rows: [
      ['Northwind Freight', '18 400.00', 'Kai Tan'],
      ['Blue Anchor Insurance', '22 000.00', 'Kai Tan'],
      ['Dock Services', '7 800.00', 'Maya Ortiz'],
    ],
  },
  {
    path: '/payments',
    title: 'Payments to enter',
    roleGroup: 'finance-operator',
    roleName: 'Finance Operator',
    lede: 'Invoices that are due and not entered yet.',
    figures: [
      ['Due today', '11'],
      ['Due this week', '34'],
      ['Overdue', '0'],
    ],
    columns: ['Invoice', 'Payee', 'Amount'],
    rows: [
      ['2417', 'Harbour Pilots', '1 260.00'],
      ['2418', 'Ropes and Chains', '310.50'],
      ['2420', 'City Water', '89.90'],
    ],
  },
  {
    path: '/releases',
    title: 'Releases',
    roleGroup: 'tech-admin',
    roleName: 'Tech Admin',
    lede: 'What goes live next.',
    figures: [
      ['Ready', '3'],
      ['In test', '5'],
      ['Rolled back this month', '1'],
    ],
    columns: ['Service', 'Version', 'State'],
    rows: [
      ['gateway', '8.4.0', 'Ready'],
      ['ledger', '3.11.2', 'In test'],
      ['statements', '5.0.1', 'Ready'],
    ],
  },
  {
    path: '/services',
    title: 'Services',
    roleGroup: 'tech-operator',
    roleName: 'Tech Operator',
    lede: 'How the services are doing right now.',
    figures: [
      ['Up', '17 of 17'],
      ['Slowest answer', '84 ms'],
      ['Alarms today', '1'],
    ],
    columns: ['Service', 'Requests a second', 'Errors'],
    rows: [
      ['gateway', '312', '0.01 %'],
      ['ledger', '98', '0 %'],
      ['statements', '21', '0 %'],
    ],
  },
  {
    path: '/requests',
    title: 'Customer requests',
    roleGroup: 'customer-service-operator',
    roleName: 'Customer Service Operator',
    lede: 'Customers who wait for an answer.',
    figures: [
      ['Open', '8'],
      ['Answered today', '23'],
      ['Median wait', '14 minutes'],
    ],
    columns: ['Customer', 'About', 'Since'],
    rows: [
      ['Pier 7 Café', 'Payment arrived twice', '09:12'],
      ['Lena Fischer', 'Address changed', '09:40'],
      ['Sail and Sons', 'Statement for October', '10:05'],
    ],
  },
  {
    path: '/merchants',
    title: 'Merchants',
    roleGroup: 'service-desk',
    roleName: 'Service Desk',
    lede: 'Merchants that are being taken on.',
    figures: [
      ['Applications', '6'],
      ['Papers missing', '2'],
      ['Taken on this month', '19'],
    ],
    columns: ['Merchant', 'Country', 'State'],
    rows: [
      ['Lighthouse Books', 'IE', 'Papers missing'],
      ['Copper Kettle', 'NZ', 'In review'],
      ['Tidewater Tours', 'PT', 'Ready'],
    ],
  },
  {
    path: '/batches',
    title: 'Batches',
    roleGroup: 'operator',
    roleName: 'Operator',
    lede: 'The nightly runs.',
    figures: [
      ['Done', '12 of 12'],
      ['Longest', '8 minutes'],
      ['Repeated', '0'],
    ],
    columns: ['Batch', 'Began', 'Took'],
    rows: [
      ['Settlement', '01:00', '8 minutes'],
      ['Statements', '02:00', '5 minutes'],
      ['Archive', '03:30', '2 minutes'],
    ],
  },
]

/** The pages that a person with these role groups may open. */
export function pagesFor(groups: readonly string[]): Page[] {
  return PAGES.filter(({ roleGroup }) => groups.includes(roleGroup))
}
