const THOUSANDS = /\B(?=(\d{3})+$)/g

/** `text` cut or padded to a width in characters. */
export function cell(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text
  return align === 'left' ? cut.padEnd(width) : cut.padStart(width)
}

/** A whole number with thousands separated. */
export function compact(value: number): string {
  return String(Math.round(value)).replace(THOUSANDS, ',')
}

/** Milliseconds with three figures or so: `0.021 ms`, `3.4 ms`, `120 ms`; a dash where there is none. */
export function milliseconds(valueMs: number): string {
  if (!Number.isFinite(valueMs)) return '–'
  return `${valueMs < 1 ? valueMs.toFixed(3) : valueMs < 100 ? valueMs.toFixed(1) : valueMs.toFixed(0)} ms`
}

export function seconds(valueMs: number): string {
  return `${(valueMs / 1_000).toFixed(1)} s`
}

export function signedPercent(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(2)} %`
}

/** A gauge of `width` characters; `share` is cut to 0…1. */
export function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width)
  return '█'.repeat(filled) + '░'.repeat(width - filled)
}
