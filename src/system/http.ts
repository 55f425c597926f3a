/** The answer to a GET: its body whatever the status. */
export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

/**
 * Rejects when the server does not answer, when the signal aborts, and when the body is longer than the limit; the rest
 * of such a body is not read.
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
