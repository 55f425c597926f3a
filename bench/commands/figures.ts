import { machineLine, table } from '../harness.ts'

export function machineAndNode(): string {
  return `${machineLine()}, Node ${process.version}`
}

/** One result with its goals, one figure a line. */
export function figuresText(bench: string, result: object, goals: Readonly<Record<string, number>>): string {
  const lines = Object.entries(result).map(([name, value]: [string, number]) => [
    name,
    value.toLocaleString('en'),
    goals[name] === undefined
      ? ''
      : `goal ${goals[name].toLocaleString('en')}${value > goals[name] ? ', missed' : ''}`,
  ])
  return `\n${table([bench, 'measured', ''], lines)}\n\n${machineAndNode()}`
}

export function duration(ns: number): string {
  if (ns < 1e3) return `${ns.toFixed(0)} ns`
  return ns < 1e6 ? `${(ns / 1e3).toFixed(2)} us` : `${(ns / 1e6).toFixed(3)} ms`
}
