import { styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'cyan' | 'green' | 'yellow' | 'red'

/** A piece of a line, and how it is to look. */
export interface Span {
  readonly text: string
  readonly style?: Style
}

/** A line as it is meant; its width can be told because the codes of its colours are not in it yet. */
export type StyledLine = readonly Span[]

export function plain(text: string): StyledLine {
  return [{ text }]
}

export function styled(text: string, style: Style): Span {
  return { text, style }
}

/**
 * Makes of a line what is written, cut to so many columns: a line that the terminal wraps would push down all that
 * are below it.
 */
export function paint(line: StyledLine, columns: number, coloured: boolean): string {
  let room = columns
  let painted = ''
  for (const { text, style } of line) {
    const shown = text.slice(0, room)
    room -= shown.length
    // The choice of colours is made here for all, so Node's own look at the stream and the environment is not asked.
    painted += coloured && style !== undefined ? styleText(style, shown, ALWAYS) : shown
  }
  return painted
}

const ALWAYS = { validateStream: false }

/** Breaks text between words into lines of at most so many columns. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  lines.push(line)
  return lines
}
