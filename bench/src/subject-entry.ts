/** The process a subject lives in. */
import { ownTime } from './foreign-load.js'
import type { FromSubject, Open, Subject, ToSubject } from './subjects/subject.js'

let closing = false
let subject: Subject<unknown, unknown> | undefined

process.on('message', async (message: ToSubject) => {
  const before = ownTime()
  try {
    const figures = await obey(message)
    answer({ type: 'done', figures, used: ownTime() - before })
  } catch (error) {
    answer({ type: 'failed', error: error instanceof Error ? String(error.stack) : String(error) })
  }
  if (message.type !== 'close') return
  // Not process.exit(): a contender that cannot end by itself is to be noticed.
  closing = true
  process.disconnect()
})

// The bench was killed: nobody is left to close what is measured here.
process.on('disconnect', () => {
  if (!closing) process.exit(1)
})

function answer(message: FromSubject): void {
  process.send!(message)
}

async function obey(message: ToSubject): Promise<unknown> {
  switch (message.type) {
    case 'open': {
      const { open } = (await import(message.module)) as { open: Open<unknown, unknown, unknown> }
      subject = await open(message.setup)
      return undefined
    }
    case 'round':
      return subject!.round(message.request)
    case 'close':
      return subject?.close()
  }
}
