import type { Account, Position } from '../domain/index.ts'

/** What the id of a margin account names. */
export type MarginAccountName =
  | { readonly account: string; readonly marginMode: 'cross'; readonly currency: string }
  | {
      readonly account: string
      readonly marginMode: 'isolated'
      readonly symbol: string
      readonly side: 'long' | 'short'
    }

/** `account:cross:currency` or `account:isolated:symbol:side`. `%` and `:` within a part are percent-encoded. */
export function marginAccountId(name: MarginAccountName): string {
  const account = escaped(name.account)
  return name.marginMode === 'cross'
    ? `${account}:cross:${escaped(name.currency)}`
    : `${account}:isolated:${escaped(name.symbol)}:${name.side}`
}

/** The inverse of `marginAccountId`; undefined for a text that `marginAccountId` cannot return. */
export function parseMarginAccountId(id: string): MarginAccountName | undefined {
  const [account = '', marginMode, part = '', side, ...rest] = id.split(':')
  if (account === '' || part === '' || rest.length > 0) return undefined
  let name: MarginAccountName
  if (marginMode === 'cross' && side === undefined) {
    name = { account: unescaped(account), marginMode, currency: unescaped(part) }
  } else if (marginMode === 'isolated' && (side === 'long' || side === 'short')) {
    name = { account: unescaped(account), marginMode, symbol: unescaped(part), side }
  } else return undefined
  return marginAccountId(name) === id ? name : undefined
}

/** The side by which an isolated position is named: hedge mode holds a long and a short of one symbol. */
export function sideOf({ size }: Pick<Position, 'size'>): 'long' | 'short' {
  return size.startsWith('-') ? 'short' : 'long'
}

export function crossPoolId(account: Account, currency: string): string {
  return marginAccountId({ account: account.id, marginMode: 'cross', currency })
}

export function isolatedId(account: Account, position: Position): string {
  const { symbol } = position
  return marginAccountId({ account: account.id, marginMode: 'isolated', symbol, side: sideOf(position) })
}

function escaped(part: string): string {
  return part.includes('%') || part.includes(':') ? part.replaceAll('%', '%25').replaceAll(':', '%3A') : part
}

function unescaped(part: string): string {
  return part.replaceAll('%3A', ':').replaceAll('%25', '%')
}
