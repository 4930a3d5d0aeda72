/** The text of declarations, without their comments, and broken where a line would be too long. */
import ts from 'typescript'

const WIDTH = 100
const printer = ts.createPrinter({ removeComments: true })

/** A node on one line. */
export function oneLine(node) {
  return printer
    .printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
    .replace(/\s+/g, ' ')
    .replace(/; }/g, ' }')
    .replace(/\[ (.*?) \]/g, '[$1]')
    .replace(/\[ \]/g, '[]')
    .trim()
}

/** `name<T>(a: A, b?: B): R`, one parameter a line if it is long. */
export function callText(node, name) {
  const generics = node.typeParameters === undefined ? '' : `<${node.typeParameters.map(oneLine).join(', ')}>`
  const result = node.type === undefined ? '' : `: ${oneLine(node.type)}`
  const parameters = node.parameters.map(oneLine)
  const short = `${name}${generics}(${parameters.join(', ')})${result}`
  if (short.length <= WIDTH || parameters.length === 0) return short
  return `${name}${generics}(\n${parameters.map(one => `  ${one},\n`).join('')})${result}`
}

/** `readonly name?: T`; of a getter what it reads as. */
export function propertyText(node) {
  const settable = ts.isGetAccessor(node) ? hasSetter(node) : !isReadonly(node)
  const optional = node.questionToken === undefined ? '' : '?'
  const type = node.type === undefined ? '' : `: ${oneLine(node.type)}`
  return `${settable || ts.isTypeElement(node) ? '' : 'readonly '}${nameOf(node)}${optional}${type}`
}

/** The name of a member, as it is written: `[Symbol.asyncDispose]` too. */
export function nameOf(node) {
  return node.name === undefined ? '' : node.name.getText()
}

/** `class Name<T> extends Base`. */
export function headText(node, keyword) {
  const generics = node.typeParameters === undefined ? '' : `<${node.typeParameters.map(oneLine).join(', ')}>`
  const heritage = (node.heritageClauses ?? []).map(clause => ` ${oneLine(clause)}`).join('')
  return `${keyword} ${node.name.text}${generics}${heritage}`
}

/** `type Name = …`: a long union or condition has a line for each of its parts. */
export function aliasText(node) {
  const head = headText(node, 'type')
  const type = oneLine(node.type)
  return head.length + type.length + 3 <= WIDTH ? `${head} = ${type}` : `${head} =${broken(node.type)}`
}

function broken(type) {
  if (ts.isUnionTypeNode(type)) return type.types.map(part => `\n  | ${oneLine(part)}`).join('')
  if (!ts.isConditionalTypeNode(type)) return ` ${oneLine(type)}`
  let text = ''
  let rest = type
  for (; ts.isConditionalTypeNode(rest); rest = rest.falseType) {
    const test = `${oneLine(rest.checkType)} extends ${oneLine(rest.extendsType)}`
    text += `\n  ${text === '' ? '' : ': '}${test}\n    ? ${oneLine(rest.trueType)}`
  }
  return `${text}\n  : ${oneLine(rest)}`
}

function isReadonly(node) {
  return ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword) === true
}

function hasSetter(getter) {
  return getter.parent.members.some(member => ts.isSetAccessor(member) && nameOf(member) === nameOf(getter))
}
