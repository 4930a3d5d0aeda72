import { destination, type Logger, pino } from 'pino'
import type { DaemonConfig } from '../config/daemon-config.js'

const STANDARD_ERROR = 2

/**
 * The daemon's own log: JSON lines on standard error, which leaves standard output to the address it serves.
 *
 * Tokens never appear in it: of a request's headers none are logged but those named here.
 */
export function daemonLogger(level: DaemonConfig['log']['level']): Logger {
  // Written at once: what a daemon says before it dies is what its owner needs most.
  const output = destination({ fd: STANDARD_ERROR, sync: true })
  // That the disk is full has no other place to be told; the lines wait, and go out with the next one that can be.
  // No `maxLength`: once that much waits, the stream would never try again.
  output.on('error', () => {})
  return pino({ level, base: { pid: process.pid }, redact: ['req.headers.authorization'] }, output)
}
