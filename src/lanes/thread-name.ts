import { writeFileSync } from 'node:fs'

/** Names the calling thread for the operating system, as `top -H` shows it: 15 characters of it. */
export function nameOwnThread(name: string): void {
  if (process.platform !== 'linux') return
  try {
    writeFileSync('/proc/thread-self/comm', name.slice(0, 15))
  } catch {
    // No /proc, or one that cannot be written to: then it goes by the name it has.
  }
}
