/** Reads what a module exports, and what those exports are declared with. */
import { dirname, sep } from 'node:path'
import ts from 'typescript'

const OPTIONS = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: [],
  strict: true,
}

/**
 * @typedef {object} Declared
 * @property {string} name
 * @property {import('typescript').Declaration[]} nodes its declarations; more than one for an overloaded function
 * @property {boolean} exported whether the module gives it a name to import
 * @property {Declared[]} uses what its public declaration names
 */

/**
 * @param entries for each module its name, the page it gets, and the path of its declarations
 * @returns the same, each with `declared`: its exports, and what their declarations lead to
 */
export function readEntries(entries) {
  const program = ts.createProgram({ rootNames: entries.map(entry => entry.declarations), options: OPTIONS })
  const checker = program.getTypeChecker()
  return entries.map(entry => {
    const file = program.getSourceFile(entry.declarations)
    if (file === undefined) throw new Error(`${entry.declarations} is not there: npm run build`)
    const ours = dirname(file.fileName).split(sep).join('/')
    const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(file))
    return { ...entry, declared: reachable(exported, checker, ours) }
  })
}

/** The exports and whatever of ours they name, each once. */
function reachable(exported, checker, folder) {
  const bySymbol = new Map()
  const waiting = []
  const meet = (symbol, isExported) => {
    const target = unaliased(symbol, checker)
    const known = bySymbol.get(target)
    if (known !== undefined) return known
    const nodes = (target.declarations ?? []).filter(node =>
      node.getSourceFile().fileName.startsWith(`${folder}/`),
    )
    if (nodes.length === 0 || nodes.some(ts.isTypeParameterDeclaration)) return undefined
    const declared = { name: target.name, nodes, exported: isExported, uses: [] }
    bySymbol.set(target, declared)
    waiting.push(declared)
    return declared
  }
  for (const symbol of exported) meet(symbol, true)
  for (let declared = waiting.pop(); declared !== undefined; declared = waiting.pop()) {
    const uses = new Set()
    for (const name of declared.nodes.flatMap(namesIn)) {
      const symbol = checker.getSymbolAtLocation(name)
      const used = symbol === undefined ? undefined : meet(symbol, false)
      if (used !== undefined && used !== declared) uses.add(used)
    }
    declared.uses = [...uses]
  }
  return [...bySymbol.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function unaliased(symbol, checker) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
}

/** The names of types, and of values asked for their type, in a declaration: not those of its private members. */
function namesIn(node) {
  const found = []
  const visit = child => {
    if (isHidden(child)) return
    if (ts.isTypeReferenceNode(child)) found.push(child.typeName)
    else if (ts.isTypeQueryNode(child)) found.push(child.exprName)
    else if (ts.isExpressionWithTypeArguments(child)) found.push(child.expression)
    ts.forEachChild(child, visit)
  }
  visit(node)
  return found
}

/** What is no part of the public face: `#private`, `private`, and what is marked `@internal`. */
export function isHidden(node) {
  if (node.name !== undefined && ts.isPrivateIdentifier(node.name)) return true
  if (!ts.canHaveModifiers(node)) return false
  const isPrivate = ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) === true
  return isPrivate || ts.getJSDocTags(node).some(tag => tag.tagName.text === 'internal')
}
