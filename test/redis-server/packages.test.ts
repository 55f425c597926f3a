import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { locateRedisServer, startRedisServer } from '../../src/redis-server/index.ts'
import { processIdAt } from '../../src/redis-server/port.ts'
import { systemClock } from '../../src/system/clock.ts'
import { temporaryFolder } from '../support/cli.ts'

const clock = systemClock
const hasApt = ['apt-get', 'dpkg'].every((program) => spawnSync(program, ['--version']).status === 0)

const kept = temporaryFolder()
afterAll(() => kept.remove())
const KEPT = join(kept.path, 'redis-dist')

let dataDir: string
let notices: string[]
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'plimsoll-packages-'))
  notices = []
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(dataDir, { recursive: true, force: true })
})

const locate = (sources: readonly ('path' | 'packages')[]) =>
  locateRedisServer({ dataDir, clock, sources, notify: (line) => void notices.push(line) })

test('without a server and a package manager the fault says what to do', async () => {
  await expect(locate([])).rejects.toMatchObject({
    code: 'REDIS_NOT_FOUND',
    message: expect.stringMatching(/install Redis .* or set REDIS_URL/),
  })
})

describe.skipIf(!hasApt)(
  'without a server on the PATH, on Debian or Ubuntu (skipped without apt-get)',
  () => {
    test('the system package is fetched into the data folder once, said in one line, and it serves', async () => {
      const [first, second] = await Promise.all([locate(['packages']), locate(['packages'])])
      expect(second).toEqual(first)
      expect(first.path.startsWith(dataDir)).toBe(true)
      expect(notices[0]).toMatch(/^plimsoll: no redis-server on the PATH; downloading .* into .*redis-dist/)
      expect(await readdir(dataDir)).toEqual(['redis-dist'])
      await cp(join(dataDir, 'redis-dist'), KEPT, { recursive: true, verbatimSymlinks: true })
      notices = []
      expect(await locate(['packages'])).toEqual(first)
      expect(notices).toEqual([])

      const server = await startRedisServer({ binary: first, dataDir, clock })
      expect(await processIdAt(server.url)).toBe(server.pid)
      await server.stop()
    })

    test('empty package lists are refreshed beside the data, not in the system', async () => {
      const lists = join(dataDir, 'lists')
      await mkdir(lists)
      await writeFile(join(dataDir, 'apt.conf'), `Dir::State::lists "${lists}";\n`)
      vi.stubEnv('APT_CONFIG', join(dataDir, 'apt.conf'))
      await locate(['packages'])
      vi.unstubAllEnvs()
      expect((await readdir(lists)).filter((name) => name.includes('Packages'))).toEqual([])
      expect(await readdir(join(dataDir, 'redis-dist'))).not.toContain('apt')
    })

    test('a network that is down is reported with the message of apt, and no incomplete file is left', async () => {
      await writeFile(join(dataDir, 'apt.conf'), 'Acquire::http::Proxy "http://127.0.0.1:1";\n')
      vi.stubEnv('APT_CONFIG', join(dataDir, 'apt.conf'))
      await expect(locate(['packages'])).rejects.toMatchObject({
        code: 'REDIS_NOT_FOUND',
        message: expect.stringMatching(/could not download redis-server \(.*127\.0\.0\.1.*set REDIS_URL/),
      })
      expect(await readdir(dataDir)).toEqual(['apt.conf'])
    })

    test('an installation that does not start here is replaced', async () => {
      // What the first test fetched; when this test runs alone, it fetches for itself.
      if (existsSync(KEPT))
        await cp(KEPT, join(dataDir, 'redis-dist'), { recursive: true, verbatimSymlinks: true })
      const { path } = await locate(['packages'])
      await rm(path)
      await writeFile(path, 'made for another machine', { mode: 0o755 })
      await locate(['packages'])
      expect((await readFile(path)).subarray(1, 4).toString()).toBe('ELF')
    })
  },
)
