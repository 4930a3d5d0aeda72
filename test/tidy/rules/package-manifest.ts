const RUNTIME_DEPENDENCIES = ['comlink', 'piscina']
const OTHER_RUNTIME_FIELDS = [
  'peerDependencies',
  'optionalDependencies',
  'bundleDependencies',
  'bundledDependencies',
]
const ENGINES = '>=20.19'

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

export function findManifestFaults(manifestText: string): string[] {
  const manifest = fieldsOf(JSON.parse(manifestText))
  const dependencies = Object.keys(fieldsOf(manifest.dependencies)).sort()
  const faults: string[] = []
  if (dependencies.join() !== RUNTIME_DEPENDENCIES.join()) {
    faults.push(
      `dependencies must be ${RUNTIME_DEPENDENCIES.join(' and ')}, not ${dependencies.join(', ') || 'none'}`,
    )
  }
  for (const field of OTHER_RUNTIME_FIELDS) {
    if (field in manifest) faults.push(`remove ${field}: the library needs nothing else at run time`)
  }
  if (fieldsOf(manifest.engines).node !== ENGINES) faults.push(`engines.node must be '${ENGINES}'`)
  if (manifest.type !== 'module') faults.push("type must be 'module'")
  return faults
}

/** An address in the lock file ties every install to the registry of the machine that wrote it. */
export function findLockFaults(lockText: string): string[] {
  return lockText
    .split('\n')
    .flatMap((line, index) =>
      /"resolved":\s*"(?:git\+)?(?:http|ssh)/.test(line)
        ? [`line ${index + 1}: remove the address, as npm install --omit-lockfile-registry-resolved does`]
        : [],
    )
}
