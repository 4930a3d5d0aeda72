import { newJob } from '../../../support/daemon/new-job.js'
import { startStore } from '../../../support/daemon/store-folder.js'

// Accepts jobs until it is killed, many at a time, and writes the id of each once that is confirmed.
const { store } = await startStore(process.argv[2]!, `run-${process.pid}`)
for (let caller = 0; caller < 20; caller++) void acceptForEver()

async function acceptForEver(): Promise<void> {
  for (;;) {
    const job = newJob()
    await store.accept([job])
    await written(`${job.id}\n`)
  }
}

/** Not `writeSync`, which fails when the pipe is full: whoever reads it may get no turn for a while. */
function written(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(line, error => (error ? reject(error) : resolve()))
  })
}
