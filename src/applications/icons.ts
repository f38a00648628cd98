// The icons of applications, by name. Drawn in views/components/application-icon.njk. Pure.

export const ICONS = [
  { name: 'dashboard', label: 'Dashboard' },
  { name: 'chart', label: 'Chart' },
  { name: 'money', label: 'Money' },
  { name: 'card', label: 'Card' },
  { name: 'document', label: 'Document' },
  { name: 'people', label: 'People' },
  { name: 'support', label: 'Support' },
  { name: 'parcel', label: 'Parcel' },
  { name: 'terminal', label: 'Terminal' },
  { name: 'globe', label: 'Globe' },
] as const

export const ICON_NAMES = ICONS.map(({ name }) => name)
