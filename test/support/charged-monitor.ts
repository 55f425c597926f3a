import { expect } from 'vitest'
import { resultOf } from '../../src/margin/steps.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { openMonitor } from './monitor.ts'

/** A monitor that applies what falls due by its clock. */
export function openCharged(options: Parameters<typeof openMonitor>[0]) {
  const run = openMonitor({ appliesFunding: true, ...options })
  /** What has fallen due up to that time is applied, Unix milliseconds. */
  const settle = (nowMs: number) => {
    if (nowMs > run.clock.nowMs()) run.clock.advanceTo(nowMs)
    run.monitor.settleFunding(nowMs)
    run.clock.runTurns()
  }
  /** Of each margin account of the account. */
  const wallets = (id = 'desk') =>
    resultOf(run.monitor.read.accountSteps(id))!.marginAccounts.map(({ walletBalance }) => walletBalance)
  /** Each event is recomputed from itself alone. */
  const verified = () => {
    for (const event of run.events())
      expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [] })
  }
  return { ...run, settle, wallets, verified }
}
