// Made-up client accounts and people for a large deployment. The same numbers give the same data. Pure.

export interface BulkAccount {
  name: string
  /** Index of the parent in the same list. */
  parent: number | null
  size: number
  requiresMfa: readonly string[]
}

export interface BulkUser {
  name: string
  email: string
  status: 'active' | 'invited' | 'disabled'
  roleGroups: readonly string[]
}

const DEEPEST = 4
const SHARE_OF_CHILDREN = 0.55
const SHARE_OF_SECOND_ROLE_GROUP = 0.08

const POLICIES: readonly Weighted<readonly string[]>[] = [
  [35, ['admin', 'tech-admin', 'tech-operator']],
  [25, ['admin']],
  [15, ['admin', 'finance-admin', 'finance-manager', 'tech-admin']],
  [
    10,
    [
      'admin',
      'finance-admin',
      'finance-manager',
      'finance-operator',
      'tech-admin',
      'tech-operator',
      'customer-service-operator',
    ],
  ],
  [15, []],
]

const ROLE_GROUPS: readonly Weighted<string>[] = [
  [3, 'admin'],
  [4, 'finance-admin'],
  [10, 'finance-manager'],
  [22, 'finance-operator'],
  [4, 'tech-admin'],
  [17, 'tech-operator'],
  [40, 'customer-service-operator'],
]

const STATUSES: readonly Weighted<BulkUser['status']>[] = [
  [93, 'active'],
  [5, 'invited'],
  [2, 'disabled'],
]

export function bulkAccounts(count: number, users: number, firstNumber: number): BulkAccount[] {
  const random = randomFrom(firstNumber + 1)
  const depths: number[] = []
  const sizes = splitUnevenly(users, count)
  return sizes.map((size, index) => {
    const candidate = Math.floor(random() * index)
    const isChild = index > 0 && random() < SHARE_OF_CHILDREN && (depths[candidate] ?? 0) < DEEPEST - 1
    depths.push(isChild ? (depths[candidate] ?? 0) + 1 : 0)
    return {
      name: accountName(firstNumber + index),
      parent: isChild ? candidate : null,
      size,
      requiresMfa: pick(POLICIES, random()),
    }
  })
}

export function bulkUser(account: string, number: number, isFirst: boolean): BulkUser {
  const random = randomFrom(number + 1)
  const first = at(FIRST_NAMES, random())
  const last = at(LAST_NAMES, random())
  const roleGroup = isFirst ? 'admin' : pick(ROLE_GROUPS, random())
  const second = random() < SHARE_OF_SECOND_ROLE_GROUP ? pick(ROLE_GROUPS, random()) : roleGroup
  return {
    name: `${first} ${last}`,
    email: `${asciiOf(first)}.${asciiOf(last)}.${number}@${asciiOf(account)}.example`,
    status: isFirst ? 'active' : pick(STATUSES, random()),
    roleGroups: second === roleGroup ? [roleGroup] : [roleGroup, second],
  }
}

/** Shares by rank, as in Zipf's law; each part gets at least one if the total allows it. */
function splitUnevenly(total: number, parts: number): number[] {
  const each = total >= parts ? 1 : 0
  const weights = Array.from({ length: parts }, (_, rank) => 1 / (rank + 2))
  const sum = weights.reduce((a, b) => a + b, 0)
  const sizes = weights.map((weight) => each + Math.floor(((total - each * parts) * weight) / sum))
  const missing = total - sizes.reduce((a, b) => a + b, 0)
  return sizes.map((size, rank) => size + Math.floor(missing / parts) + (rank < missing % parts ? 1 : 0))
}

function accountName(number: number): string {
  const place = PLACES[number % PLACES.length]
  const trade = TRADES[Math.floor(number / PLACES.length) % TRADES.length]
  const round = Math.floor(number / (PLACES.length * TRADES.length))
  return round === 0 ? `${place} ${trade}` : `${place} ${trade} ${round + 1}`
}

function asciiOf(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
}

type Weighted<Value> = readonly [weight: number, value: Value]

function pick<Value>(choices: readonly Weighted<Value>[], share: number): Value {
  let left = share * choices.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, value] of choices) {
    left -= weight
    if (left < 0) return value
  }
  throw new Error('a share is below 1')
}

function at(names: readonly string[], share: number): string {
  return names[Math.floor(share * names.length)] ?? ''
}

/** Reproducible random numbers in [0, 1): mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const PLACES = (
  'Alder Birch Cedar Copper Coral Delta Eastgate Falcon Fjord Granite Greenfield Hazel Hillside Iron ' +
  'Juniper Kestrel Lakeside Linden Maple Meadow Midland Northgate Oak Orchard Pine Quarry Ridge River ' +
  'Sandstone Silver Southbank Summit Thornton Upland Valley Westbrook Willow Windmill Yarrow Zephyr'
).split(' ')

const TRADES = (
  'Logistics,Foods,Energy,Retail,Insurance,Payments,Travel,Health,Textiles,Telecom,Media,Motors,' +
  'Pharma,Timber,Shipping,Software,Education,Water,Bakeries,Machinery,Estates,Dairy,Print,Optics'
).split(',')

const FIRST_NAMES = (
  'Aisha Alejandro Amélie Anders Anita Arjun Astrid Beatriz Benedikt Camille Chidi Chiara Daniela Dmitri ' +
  'Elena Emeka Erik Farah Fatima Felix Freya Giulia Grace Hana Hassan Helena Hiroshi Ibrahim Ines Ingrid ' +
  'Isaac Jana João Jonas Kaito Karin Kofi Lars Layla Leila Lena Lin Lucía Magnus Malik Marek María Mateo ' +
  'Mina Mohammed Nadia Naomi Niamh Noor Olga Omar Paolo Petra Priya Rafael Rania Renée Sakura Sanjay ' +
  'Sofia Sven Tariq Tereza Thandi Ursula Viktor Wanjiru Wei Xiomara Yara Yusuf Zainab Zoë'
).split(' ')

const LAST_NAMES = (
  'Abebe Adeyemi Ahmed Almeida Andersson Bakker Bauer Becker Bianchi Campbell Castro Cohen Costa Dahl ' +
  'Diallo Dubois Eriksen Evans Fernández Fischer Fontaine Garcia Gomez Gupta Hansen Hernández Hoffmann ' +
  'Horvat Hughes Ivanova Jansen Jensen Kaya Keller Khan Kim Kimani Kovács Kumar Larsen Laurent Lee Lopez ' +
  'Mahmoud Martin Mbeki Meyer Moreau Müller Murphy Mwangi Nakamura Ndiaye Nguyen Novák Okonkwo Oliveira ' +
  'Osei Patel Pereira Petrov Popescu Quinn Rahman Ricci Romano Rossi Santos Sato Schmidt Silva Singh ' +
  'Suzuki Tanaka Torres Vargas Virtanen Weber Wójcik Yamamoto Yılmaz Zhang'
).split(' ')
