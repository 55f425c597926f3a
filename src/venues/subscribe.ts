import type { SubscribeRequest } from '../domain/index.ts'

/** Splits `symbols` into batches of at most `perFrameMax` and prints one request for each, numbered from 1. */
export function subscribeFrames(
  symbols: readonly string[],
  perFrameMax: number,
  request: (batch: readonly string[], number: number) => object,
): readonly SubscribeRequest[] {
  const requests: SubscribeRequest[] = []
  for (let start = 0; start < symbols.length; start += perFrameMax) {
    const batch = symbols.slice(start, start + perFrameMax)
    requests.push({ frame: JSON.stringify(request(batch, requests.length + 1)), symbols: batch })
  }
  return requests
}
