// The navigation for each kind of visitor. Pure. It only shows links: each page asks its own rule.
import type { Actor } from '../access/rules.ts'

export interface NavItem {
  href: string
  label: string
  current: boolean
  waiting: number
}

export interface Visitor extends Omit<Actor, 'id' | 'rank'> {
  ofParent: boolean
  cases: number
}

interface Entry {
  href: string
  label: string
  holds?: RegExp
  shown: (visitor: Visitor) => boolean
  waiting?: (visitor: Visitor) => number
}

const ENTRIES: readonly Entry[] = [
  { href: '/', label: 'Home', shown: (visitor) => !onlyOperates(visitor) },
  { href: '/ops', label: 'Operations', holds: /^\/ops\//, shown: ({ isOperator }) => isOperator },
  { href: '/users', label: 'Users', holds: /^\/users\//, shown: ({ isAdmin }) => isAdmin },
  {
    href: '/service-desk',
    label: 'Service Desk',
    holds: /^\/users(\/|$)/,
    shown: ({ isServiceDesk }) => isServiceDesk,
  },
  {
    href: '/approvals',
    label: 'Approvals',
    holds: /^\/approvals\//,
    // Operators see it only for cases that no agent may decide.
    shown: ({ isServiceDesk, cases }) => isServiceDesk || cases > 0,
    waiting: ({ cases }) => cases,
  },
  {
    href: '/clients',
    label: 'Accounts',
    holds: /^\/clients\//,
    shown: ({ isAdmin, isServiceDesk, ofParent }) => isServiceDesk || (isAdmin && ofParent),
  },
  {
    href: '/applications',
    label: 'Applications',
    holds: /^\/applications\//,
    shown: ({ isAdmin, isServiceDesk }) => isAdmin || isServiceDesk,
  },
  { href: '/mfa-policy', label: 'MFA policy', holds: /^\/mfa-policy\//, shown: ({ isAdmin }) => isAdmin },
  { href: '/audit', label: 'Audit', shown: ({ isAdmin }) => isAdmin },
]

/** The Home of these is /ops. */
export function onlyOperates({
  isOperator,
  isAdmin,
  isServiceDesk,
}: Pick<Actor, 'isOperator' | 'isAdmin' | 'isServiceDesk'>): boolean {
  return isOperator && !isAdmin && !isServiceDesk
}

export function navFor(visitor: Visitor, path: string): NavItem[] {
  return ENTRIES.filter(({ shown }) => shown(visitor)).map(({ href, label, holds, waiting }) => ({
    href,
    label,
    current: path === href || (holds?.test(path) ?? false),
    waiting: waiting?.(visitor) ?? 0,
  }))
}
