#!/usr/bin/env node
import { runCommand } from './command.js'

// Nothing of the daemon is left by then; a thread stuck in native code must not keep the process.
process.exit(await runCommand(process.argv))
