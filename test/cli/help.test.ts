import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { CSV_COLUMNS } from '../../src/import/index.ts'

const COLUMNS = 80

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({
    getOutHelpWidth: () => COLUMNS,
    writeOut: (more) => {
      text += more
    },
  })
  command.outputHelp()
  return text
}

const commands = everyCommand(await createProgram()).map((command) => [nameOf(command), command] as const)

describe('the help of', () => {
  it.each(commands)('%s fits 80 columns', (_name, command) => {
    const lines = helpOf(command).split('\n')
    expect(lines.filter((line) => line.length > COLUMNS)).toEqual([])
  })

  it.each(commands)('%s says what it does and what it takes', (name, command) => {
    const help = helpOf(command)
    expect(help).toContain(`Usage: ${name}`)
    expect(command.description()).not.toBe('')
    const undescribed = command.options.filter(({ description }) => description === '')
    expect(undescribed).toEqual([])
  })

  it.each(commands.filter(([, command]) => command.commands.length === 0))(
    '%s offers JSON',
    (_name, command) => {
      expect(command.options.map(({ long }) => long)).toContain('--json')
    },
  )
})

it('the help of import names every column of CSV', () => {
  const [, command] = commands.find(([name]) => name === 'plimsoll import')!
  const [, named] = /must be there:\n((?: {2}.+\n)+)/m.exec(helpOf(command))!
  expect(named!.trim().split(/,\s*/)).toEqual([...CSV_COLUMNS])
})

/** Every command in the order of the help. */
const ALL = [
  'run',
  'demo',
  'import',
  'accounts',
  'tail',
  'gaps',
  'verify',
  'what-if',
  'replay',
  'size',
  'margin',
  'rules',
  'probe',
  'decode',
]

describe('a command line', () => {
  it.each([
    ['margin', ['margin']],
    ['--version', []],
    ['mragin', ALL],
    [undefined, ALL],
  ])('whose first word is %s loads %j', async (word, loaded) => {
    expect((await createProgram(word)).commands.map((command) => command.name())).toEqual(loaded)
  })
})
