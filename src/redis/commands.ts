/** A Redis connection that takes any command. An ioredis instance fits as it is. */
export interface RedisCommands {
  call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown>
}

/** Names and values in turn, as Redis lists them, as pairs. */
export function pairsOf(list: readonly string[]): (readonly [name: string, value: string])[] {
  const pairs: (readonly [string, string])[] = []
  for (let index = 0; index + 1 < list.length; index += 2) pairs.push([list[index]!, list[index + 1]!])
  return pairs
}
