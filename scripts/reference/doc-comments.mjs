/** What the comment above a declaration says, in parts. */
import ts from 'typescript'

/** The text above the tags. */
export function summaryOf(node) {
  const comment = node.jsDoc?.at(-1)?.comment
  return textOf(comment)
}

/** The first sentence of it, on one line. */
export function firstSentence(node) {
  const paragraph = summaryOf(node).split('\n\n', 1)[0].replace(/\n/g, ' ')
  return /^.*?[.:](?= [A-Z`]|$)/.exec(paragraph)?.[0].replace(/:$/, '.') ?? paragraph
}

/**
 * The tags as a list in Markdown: parameters, then what is returned, then what is thrown, then any other by its name.
 */
export function tagLines(node) {
  const parameters = []
  const others = []
  for (const tag of ts.getJSDocTags(node)) {
    const text = textOf(tag.comment).replace(/\n\s*/g, ' ')
    if (ts.isJSDocParameterTag(tag)) parameters.push(`- \`${tag.name.getText()}\`: ${text}`)
    else if (tag.tagName.text === 'returns') others.push(`- Returns: ${text}`)
    else if (tag.tagName.text === 'throws') others.push(`- Throws: ${text}`)
    else others.push(`- ${tag.tagName.text}: ${text}`)
  }
  return [...parameters, ...others]
}

function textOf(comment) {
  return (ts.getTextOfJSDocComment(comment) ?? '').trim()
}
