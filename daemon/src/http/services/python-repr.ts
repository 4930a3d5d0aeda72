/** How Python writes lists of texts, which the group API's answers show. */

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** What Python takes as not printable: controls, formats, halves of surrogates, and separators but for the space. */
const NOT_PRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Zs}\\]/gu

/** @returns such as `['job_a', 'job_b']`, on one line whatever the texts contain */
export function pythonList(texts: readonly string[]): string {
  return `[${texts.map(pythonText).join(', ')}]`
}

function pythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replace(NOT_PRINTABLE, character => {
    if (character === ' ') return character
    return ESCAPES[character] ?? numbered(character.codePointAt(0) ?? 0)
  })
  return `${quote}${escaped.replaceAll(quote, `\\${quote}`)}${quote}`
}

function numbered(codePoint: number): string {
  const digits = codePoint.toString(16)
  if (codePoint <= 0xff) return `\\x${digits.padStart(2, '0')}`
  if (codePoint <= 0xffff) return `\\u${digits.padStart(4, '0')}`
  return `\\U${digits.padStart(8, '0')}`
}
