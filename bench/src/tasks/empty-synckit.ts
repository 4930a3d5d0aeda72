import { writeFileSync } from 'node:fs'
import { runAsWorker } from 'synckit'
import { THREAD_NAME } from '../contenders/empty/contender.js'
import { empty } from './empty.js'

// By its name the thread is found again, to be pinned.
if (process.platform === 'linux') writeFileSync('/proc/thread-self/comm', THREAD_NAME)
runAsWorker(empty)
