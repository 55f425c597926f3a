import { connect, createServer } from 'node:net'

const PROBE_TIMEOUT_MS = 1_000
const REPLY_LENGTH_MAX = 4_096

/**
 * The process id that the server on the port reports, or undefined when nothing there speaks Redis
 * (or it is still loading its data). It tells our server from another program on the same port.
 */
export function processIdAt(port: number): Promise<number | undefined> {
  return new Promise((resolvePid) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: PROBE_TIMEOUT_MS })
    let reply = ''
    const settle = (pid: number | undefined) => {
      socket.destroy()
      resolvePid(pid)
    }
    socket.on('connect', () => socket.write('PING\r\nINFO server\r\n'))
    socket.on('data', (chunk: Buffer) => {
      reply = (reply + chunk.toString()).slice(0, REPLY_LENGTH_MAX)
      if (!'+PONG\r\n'.startsWith(reply.slice(0, 7))) return settle(undefined)
      const pid = /process_id:(\d+)\r\n/.exec(reply)?.[1]
      if (pid !== undefined) settle(Number(pid))
      else if (reply.length === REPLY_LENGTH_MAX) settle(undefined)
    })
    socket.on('timeout', () => settle(undefined))
    socket.on('error', () => settle(undefined))
    socket.on('close', () => settle(undefined))
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
