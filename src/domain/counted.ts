const THOUSANDS = /\B(?=(\d{3})+$)/g

/** A whole number for people: `12,000`. */
export function grouped(count: number | bigint): string {
  return String(count).replace(THOUSANDS, ',')
}

/** A count of things for people: `1 account`, `12,000 accounts`; `many` where an added s does not make it. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}
