/** What this folder needs of a Redis connection. An ioredis instance fits as it is. */
export interface BookRedis {
  call(command: string, ...args: (string | number)[]): Promise<unknown>
}

export interface BookKeys {
  readonly accounts: string
  readonly changes: string
}
