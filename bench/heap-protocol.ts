/** Messages between the bench `heap` and the process of its worker. */

export type ToWorker =
  /** Collects garbage and answers with `measured`. */
  | { readonly kind: 'measure' }
  /** Answers with `sampled`, as memory stands. */
  | { readonly kind: 'sample' }
  | { readonly kind: 'stop' }

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'measured'; readonly memory: Memory }
  | { readonly kind: 'sampled'; readonly rssBytes: number }
  | { readonly kind: 'failed'; readonly message: string }

export interface Memory {
  /** What is alive after forced collections: the heap, and what it holds outside. */
  readonly heapBytes: number
  /** The most that the process has had in memory at any time. */
  readonly rssMaxBytes: number
}

/** What the worker is started with, as one JSON argument. */
export interface WorkerSetup {
  readonly redisUrl: string
  readonly shard: string
  readonly streamUrl: string
  readonly symbols: readonly string[]
}
