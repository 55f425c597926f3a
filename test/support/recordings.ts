import { readdirSync, readFileSync } from 'node:fs'

/** The venues that are watched, by their folders among the recordings. */
export const RECORDED_VENUES: Readonly<Record<string, string>> = {
  bybit: 'bybit',
  'binance-usdm': 'binance',
  'binance-coinm': 'binance',
  okx: 'okx',
  'kraken-futures': 'kraken',
  deribit: 'deribit',
  bitmex: 'bitmex',
  hyperliquid: 'hyperliquid',
  dydx: 'dydx',
  'coinbase-cfm': 'coinbase',
  'coinbase-intx': 'coinbase',
}

/** The files of frames of these venues, such as `okx/ws-ticker/nautilus-ws_tickers.json`. */
export function recordedFiles(recordings: string): string[] {
  return Object.keys(RECORDED_VENUES).flatMap((venue) =>
    readdirSync(`${recordings}/${venue}`)
      .filter((folder) => folder.startsWith('ws-'))
      .flatMap((folder) =>
        readdirSync(`${recordings}/${venue}/${folder}`).map((file) => `${venue}/${folder}/${file}`),
      ),
  )
}

/** `.jsonl`: a frame a line. `.json`: one frame. `.txt`: a script, of which `<` and `=` are what the venue sent. */
export function framesOf(recordings: string, file: string): string[] {
  const text = readFileSync(`${recordings}/${file}`, 'utf8')
  if (file.endsWith('.jsonl'))
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(captured)
  if (file.endsWith('.json')) return [text]
  return text
    .replaceAll(/\|\d\|/g, '1')
    .split(/^(?=[<>=])/m)
    .filter((block) => !block.startsWith('>'))
    .map((block) => block.slice(1).trim())
}

/** A live capture puts each frame beside the time of its arrival. */
function captured(line: string): string {
  return /^\{"recv":[\d.]+,"msg":(.*)\}$/.exec(line)?.[1] ?? line
}
