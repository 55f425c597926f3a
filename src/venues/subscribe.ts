/** Splits `symbols` into batches of at most `perFrameMax` and prints one request for each, numbered from 1. */
export function subscribeFrames(
  symbols: readonly string[],
  perFrameMax: number,
  request: (batch: readonly string[], number: number) => object,
): readonly string[] {
  const frames: string[] = []
  for (let start = 0; start < symbols.length; start += perFrameMax) {
    frames.push(JSON.stringify(request(symbols.slice(start, start + perFrameMax), frames.length + 1)))
  }
  return frames
}
