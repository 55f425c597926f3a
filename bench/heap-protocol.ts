/** Messages between the bench `heap` and the process of its worker. */

export type ToWorker =
  /** Collects garbage and answers with `measured`. */
  | { readonly kind: 'measure' }
  /** Answers with `sampled`, without a collection. */
  | { readonly kind: 'sample' }
  | { readonly kind: 'stop' }

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'measured'; readonly memory: Memory }
  | { readonly kind: 'sampled'; readonly rssBytes: number }
  | { readonly kind: 'failed'; readonly message: string }

export interface Memory {
  /** Live bytes after forced collections: the heap, and buffers outside it that the heap holds. */
  readonly heapBytes: number
  /** The most bytes that the process had in memory at any time. */
  readonly rssMaxBytes: number
}

/** The worker's options, as one JSON argument. */
export interface WorkerSetup {
  readonly redisUrl: string
  readonly shard: string
  readonly streamUrl: string
  readonly symbols: readonly string[]
}
