/** What one writes by hand without any library: a worker that answers each message with what it was sent. */
import { writeFileSync } from 'node:fs'
import { type MessagePort, workerData } from 'node:worker_threads'

const { port, name } = workerData as { readonly port: MessagePort; readonly name: string }
// By its name the thread is found again, to be pinned.
if (process.platform === 'linux') writeFileSync('/proc/thread-self/comm', name)
port.on('message', (message: unknown) => port.postMessage(message))
