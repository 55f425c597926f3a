import { connect, createServer } from 'node:net'

const PROBE_TIMEOUT_MS = 1_000
const REPLY_LENGTH_MAX = 4_096

/** Where a private server listens, in the form of `connect` of `node:net`, and its password if it has one. */
interface Place {
  readonly at: { readonly path: string } | { readonly host: string; readonly port: number }
  readonly password: string
}

function placeOf(url: string): Place {
  if (url.startsWith('/')) return { at: { path: url }, password: '' }
  const { hostname, port, password } = new URL(url)
  return { at: { host: hostname, port: Number(port) }, password: decodeURIComponent(password) }
}

/**
 * The process id that the server at the URL reports. Undefined when no program there speaks Redis, or the server is still
 * loading its data. It distinguishes our server from another program in the same place.
 */
export function processIdAt(url: string): Promise<number | undefined> {
  const { at, password } = placeOf(url)
  return new Promise((resolvePid) => {
    const socket = connect({ ...at, timeout: PROBE_TIMEOUT_MS })
    let reply = ''
    const settle = (pid: number | undefined) => {
      socket.destroy()
      resolvePid(pid)
    }
    const greeting = password === '' ? 'PING\r\n' : `AUTH ${password}\r\n`
    const welcome = password === '' ? '+PONG\r\n' : '+OK\r\n'
    socket.on('connect', () => socket.write(`${greeting}INFO server\r\n`))
    socket.on('data', (chunk: Buffer) => {
      reply = (reply + chunk.toString()).slice(0, REPLY_LENGTH_MAX)
      if (!welcome.startsWith(reply.slice(0, welcome.length))) return settle(undefined)
      const pid = /process_id:(\d+)\r\n/.exec(reply)?.[1]
      if (pid !== undefined) settle(Number(pid))
      else if (reply.length === REPLY_LENGTH_MAX) settle(undefined)
    })
    socket.on('timeout', () => settle(undefined))
    socket.on('error', () => settle(undefined))
    socket.on('close', () => settle(undefined))
  })
}

/** Whether any program listens on the Unix socket. */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolveListening) => {
    const socket = connect({ path })
    const settle = (isThere: boolean) => {
      socket.destroy()
      resolveListening(isThere)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolveFree) => {
    const probe = createServer()
    probe.once('error', () => resolveFree(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolveFree(true)))
  })
}

export function freePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolvePort(port))
    })
  })
}
