import { execFileSync } from 'node:child_process'
import { readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { HEARTBEAT_EVERY_MS } from '../src/cli/heartbeat.ts'
import { loadConfig } from '../src/config.ts'
import { temporaryFolder } from './support/cli.ts'
import { parseYaml } from './support/yaml.ts'

interface Service {
  readonly image: string
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly healthcheck: { readonly test: readonly [string, string] }
  readonly mem_limit: string
  readonly ports?: unknown
}

const TEXT = readFileSync(new URL('../docker-compose.yml', import.meta.url), 'utf8')
const compose = parseYaml(TEXT) as unknown as {
  readonly configs: Readonly<Record<string, { readonly content: string }>>
  readonly services: { readonly redis: Service; readonly worker: Service }
}
const { redis, worker } = compose.services
const folder = temporaryFolder()
afterAll(() => folder.remove())

describe('docker-compose.yml', () => {
  it('runs a Redis that loses nothing at a power loss and deletes nothing', () => {
    const { command } = redis
    const setting = (name: string) => command[command.indexOf(`--${name}`) + 1]
    expect(['appendonly', 'appendfsync', 'maxmemory-policy'].map(setting)).toEqual([
      'yes',
      'always',
      'noeviction',
    ])
  })

  it('names the minor version of every image and limits the memory of every service', () => {
    for (const { image, mem_limit } of [redis, worker]) {
      expect(image).toMatch(/:\d+\.\d+(-slim)?$/)
      expect(mem_limit).toMatch(/^\d+g$/)
    }
    expect(redis.ports).toBeUndefined()
  })

  it('demands a password, which no argument of a process shows', () => {
    expect(compose.configs['redis-password']?.content).toMatch(/^requirepass \$\{REDIS_PASSWORD:\?[^}]+\}\n$/)
    expect(redis.command[1]).toBe('/etc/plimsoll/password.conf')
    for (const { command } of [redis, worker]) expect(command.join(' ')).not.toContain('PASSWORD')
    expect(worker.environment.REDIS_URL).toMatch(/^redis:\/\/:\$\{REDIS_PASSWORD\}@redis:6379$/)
  })

  it('gives the worker settings that it knows', () => {
    const settings = Object.entries(worker.environment).filter(([name]) =>
      /^PLIMSOLL_|^REDIS_URL$/.test(name),
    )
    const environment = Object.fromEntries(
      settings.map(([name, value]) => [name, value.replace(/\$\{\w+(?::-(\w+))?\}/, '$1')]),
    )
    expect(loadConfig({}, environment)).toMatchObject({
      shard: '0',
      heartbeatFile: '/tmp/plimsoll-heartbeat',
    })
  })

  it('takes a worker for well only while its heartbeat is young', () => {
    const [shell, command] = worker.healthcheck.test
    expect(shell).toBe('CMD-SHELL')
    const file = join(folder.path, 'heartbeat')
    const inTest = command.replace(worker.environment.PLIMSOLL_HEARTBEAT_FILE!, file)
    expect(inTest).toContain(file)
    const isWell = () => {
      try {
        execFileSync('/bin/sh', ['-c', inTest], { stdio: 'ignore' })
        return true
      } catch {
        return false
      }
    }
    expect(isWell()).toBe(false)
    writeFileSync(file, '')
    expect(isWell()).toBe(true)
    const atMs = (agoMs: number) => new Date(Date.now() - agoMs)
    utimesSync(file, atMs(2 * HEARTBEAT_EVERY_MS), atMs(2 * HEARTBEAT_EVERY_MS))
    expect(isWell()).toBe(true)
    utimesSync(file, atMs(40_000), atMs(40_000))
    expect(isWell()).toBe(false)
  })
})
