/** The answer to a request: its body whatever the status. */
export interface HttpAnswer {
  readonly status: number
  readonly body: string
  /** The header `Retry-After`, as the server sent it. */
  readonly retryAfter?: string
}

/**
 * Rejects when the server does not answer, when the signal aborts, and when the body is longer than the limit; the rest
 * of such a body is not read.
 */
export type HttpGet = (url: string, bodyBytesMax: number, signal: AbortSignal) => Promise<HttpAnswer>

export const httpGet: HttpGet = async (url, bodyBytesMax, signal) =>
  answerOf(await fetch(url, { signal }), bodyBytesMax)

/** Sends a body of JSON. Rejects as `HttpGet` does. */
export type HttpPost = (
  url: string,
  json: string,
  bodyBytesMax: number,
  signal: AbortSignal,
) => Promise<HttpAnswer>

export const httpPost: HttpPost = async (url, json, bodyBytesMax, signal) => {
  const headers = { 'content-type': 'application/json' }
  return answerOf(await fetch(url, { method: 'POST', body: json, headers, signal }), bodyBytesMax)
}

async function answerOf(answer: Response, bodyBytesMax: number): Promise<HttpAnswer> {
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
  const retryAfter = answer.headers.get('retry-after')
  return {
    status: answer.status,
    body: Buffer.concat(chunks).toString('utf8'),
    ...(retryAfter === null ? {} : { retryAfter }),
  }
}
