/** The answer to a GET: its body whatever the status. */
export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

/**
 * Rejects where there is no answer, where the signal aborts, and for a body above the limit, of which no more is read.
 */
export type HttpGet = (url: string, bodyBytesMax: number, signal: AbortSignal) => Promise<HttpAnswer>

export const httpGet: HttpGet = async (url, bodyBytesMax, signal) => {
  const answer = await fetch(url, { signal })
  const chunks: Uint8Array[] = []
  let bytes = 0
  if (answer.body !== null) {
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      // Leaving the loop cancels the body.
      if (bytes > bodyBytesMax) throw new Error(`the body is longer than ${bodyBytesMax} bytes`)
      chunks.push(chunk)
    }
  }
  return { status: answer.status, body: Buffer.concat(chunks).toString('utf8') }
}
