/** What YAML says here: maps, lists and texts. */
export type Yaml = string | readonly Yaml[] | { readonly [name: string]: Yaml }

interface Line {
  readonly indent: number
  readonly text: string
}

/**
 * Reads the YAML of docker-compose.yml: maps and lists by indentation, texts plain or in double quotes, lists in
 * brackets as JSON, blocks after `|` and `>-`. Refuses a line of any other form, so that none is read for another.
 */
export function parseYaml(text: string): Yaml {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s*#/.test(line))
    .map((line) => ({ indent: line.search(/\S/), text: line.trim() }))
  return new Reader(lines).value(0)
}

class Reader {
  readonly #lines: readonly Line[]
  #at = 0

  constructor(lines: readonly Line[]) {
    this.#lines = lines
  }

  value(indent: number): Yaml {
    return this.#lines[this.#at]!.text.startsWith('- ') ? this.#list(indent) : this.#map(indent)
  }

  #map(indent: number): Yaml {
    const entries: [string, Yaml][] = []
    for (let line = this.#next(indent); line !== undefined; line = this.#next(indent)) {
      const [, name, rest] = /^([\w-]+):(?: (.*))?$/.exec(line.text) ?? []
      if (name === undefined) throw new Error(`no map entry: ${line.text}`)
      this.#at++
      entries.push([name, this.#content(rest ?? '', indent)])
    }
    return Object.fromEntries(entries)
  }

  #list(indent: number): Yaml {
    const items: Yaml[] = []
    for (let line = this.#next(indent); line !== undefined; line = this.#next(indent)) {
      const rest = line.text.slice(2)
      if (/^[\w-]+: /.test(rest)) {
        // The first entry of a map stands behind the dash.
        const inner = indent + 2
        const own = new Reader([{ indent: inner, text: rest }, ...this.#block(indent)])
        items.push(own.value(inner))
      } else {
        this.#at++
        items.push(this.#content(rest, indent))
      }
    }
    return items
  }

  /** The lines after this one that are deeper than `indent`, and passes them. */
  #block(indent: number): Line[] {
    const start = ++this.#at
    while (this.#at < this.#lines.length && this.#lines[this.#at]!.indent > indent) this.#at++
    return this.#lines.slice(start, this.#at)
  }

  #next(indent: number): Line | undefined {
    const line = this.#lines[this.#at]
    if (line === undefined || line.indent < indent) return undefined
    if (line.indent > indent) throw new Error(`deeper than its neighbours: ${line.text}`)
    return line
  }

  #content(rest: string, indent: number): Yaml {
    if (rest === '|' || rest === '>-') {
      this.#at--
      const block = this.#block(indent).map(({ text }) => text)
      return rest === '|' ? `${block.join('\n')}\n` : block.join(' ')
    }
    if (rest.startsWith('"') || rest.startsWith('[')) return JSON.parse(rest) as Yaml
    if (rest !== '') return rest
    const inner = this.#lines[this.#at]
    return inner === undefined || inner.indent <= indent ? '' : this.value(inner.indent)
  }
}
