import { importsOf, resolveImport, type SourceFile } from '../../support/source-tree.js'
import type { Finding } from './finding.js'

/** Where something imported comes from: a folder or file of the repository, Node, or a package. */
type Origin =
  | 'core'
  | 'bridge'
  | 'lanes'
  | 'src root'
  | 'outside src'
  | 'node'
  | 'piscina'
  | 'comlink'
  | 'package'

const BARRELS = ['src/index.ts', 'src/task.ts']
const PISCINA_FILES = ['src/lanes/lane-pool.ts', 'src/lanes/sync-pool.ts']
const LIBRARY_NAMES = ['multilane', 'multilane/task']

function isPackage(specifier: string, name: string): boolean {
  return specifier === name || specifier.startsWith(`${name}/`)
}

function originOf(path: string, specifier: string): Origin {
  const target = resolveImport(path, specifier)
  if (target !== undefined) {
    const layer = /^src\/(core|bridge|lanes)\//.exec(target)?.[1]
    if (layer === 'core' || layer === 'bridge' || layer === 'lanes') return layer
    return target.startsWith('src/') ? 'src root' : 'outside src'
  }
  if (specifier.startsWith('node:')) return 'node'
  if (isPackage(specifier, 'piscina')) return 'piscina'
  return isPackage(specifier, 'comlink') ? 'comlink' : 'package'
}

interface Layer {
  readonly allowed: (path: string) => readonly Origin[]
  readonly message: string
}

const LAYERS: Readonly<Record<string, Layer>> = {
  core: {
    allowed: () => ['core'],
    message:
      'src/core imports only src/core: take what it needs as an argument or behind an interface of its own.',
  },
  bridge: {
    allowed: () => ['core', 'bridge', 'node', 'comlink'],
    message:
      'src/bridge imports core, bridge, node: and comlink: move the code up to src/lanes or pass it in.',
  },
  lanes: {
    allowed: path => [
      'core',
      'bridge',
      'lanes',
      'node',
      ...(PISCINA_FILES.includes(path) ? ['piscina' as const] : []),
    ],
    message: `src/lanes imports core, bridge, lanes and node:; go through ${PISCINA_FILES.join(' or ')} for piscina, and through src/bridge for comlink.`,
  },
}

function findInSource({ path, text }: SourceFile): Finding[] {
  const isBarrel = BARRELS.includes(path)
  const layer = LAYERS[/^src\/([^/]+)\//.exec(path)?.[1] ?? '']
  if (layer === undefined && !isBarrel) {
    return [{ path, line: 1, message: 'Move the file to src/core, src/bridge or src/lanes.' }]
  }
  const allowed = layer?.allowed(path) ?? ['core', 'bridge', 'lanes', 'src root']
  const message = layer?.message ?? 'A barrel only lists what src/core, src/bridge and src/lanes have.'

  return importsOf(text).flatMap(({ specifier, line, kind }) => {
    const found: Finding[] = []
    if (resolveImport(path, specifier) === 'src/index.ts') {
      found.push({ path, line, message: 'Import from the file that declares it, not from src/index.ts.' })
    } else if (!allowed.includes(originOf(path, specifier))) {
      found.push({ path, line, message: `'${specifier}': ${message}` })
    }
    if (specifier.startsWith('#')) {
      found.push({ path, line, message: `Write a relative path in src, not '${specifier}'.` })
    }
    if (kind === 're-export' && !isBarrel) {
      found.push({
        path,
        line,
        message: `Re-export only from ${BARRELS.join(' and ')}; import where it is declared.`,
      })
    }
    return found
  })
}

/** Outside src the library is what its users see; only tests may look inside. */
function findInUser({ path, text }: SourceFile): Finding[] {
  const isTest = path.startsWith('test/')
  return importsOf(text).flatMap(({ specifier, line }) => {
    const target = resolveImport(path, specifier) ?? ''
    if (specifier.startsWith('#src/') && isTest) return []
    const reachesInside = /^(?:src|dist)\//.test(target)
    const unknownName = isPackage(specifier, 'multilane') && !LIBRARY_NAMES.includes(specifier)
    if (!reachesInside && !unknownName) return []
    const names = [...LIBRARY_NAMES.map(name => `'${name}'`), ...(isTest ? ["'#src/…'"] : [])]
    return [{ path, line, message: `Import the library as ${names.join(' or ')}, not '${specifier}'.` }]
  })
}

export function findWrongImports(source: SourceFile): Finding[] {
  return source.path.startsWith('src/') ? findInSource(source) : findInUser(source)
}
