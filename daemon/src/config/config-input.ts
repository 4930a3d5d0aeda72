import type { LaneSettings } from './daemon-config.js'

/** A configuration as a plain object, of the same shape as the YAML; docs/config.md describes each field. */
export interface ConfigInput {
  readonly listen?: { readonly host?: string; readonly port?: number }
  readonly tokens?: { readonly read?: string; readonly write?: string }
  readonly hosts?: readonly string[]
  readonly data?: string
  readonly limits?: {
    readonly body?: SizeInput
    readonly depth?: number
    readonly request?: DurationInput
    readonly connections?: number
  }
  readonly lanes?: Readonly<Record<string, LaneInput>>
  /** A text is a shell command. */
  readonly job?: Readonly<Record<string, string | ShellJobInput | TaskJobInput>>
  readonly group?: Readonly<Record<string, readonly string[]>>
  readonly work?: { readonly job?: string; readonly log?: string }
  readonly queue?: { readonly job?: string; readonly batch?: number }
  readonly retention?: { readonly age?: DurationInput; readonly count?: number }
  readonly shutdown?: { readonly drain?: DurationInput }
  readonly log?: { readonly level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent' }
}

/** Such as `500ms`, `30s`, `2m`, `1h` or `2h30m`. */
export type DurationInput = string

/** Bytes, or such as `64KiB`, `500kB` or `1MiB`. */
export type SizeInput = number | string

export interface LaneInput extends Omit<LaneSettings, 'grace' | 'restart' | 'startTimeout'> {
  readonly grace?: DurationInput
  readonly restart?: { readonly max?: number; readonly within?: DurationInput }
  readonly startTimeout?: DurationInput
}

export interface ShellJobInput extends JobInput {
  readonly shell: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface TaskJobInput extends JobInput {
  /** A module below the configuration's folder and its export, such as `./jobs/files.js#checksum`. */
  readonly task: string
}

interface JobInput {
  readonly lane?: string
  readonly priority?: number
  readonly timeout?: DurationInput
  readonly retries?:
    | number
    | {
        readonly limit?: number
        readonly delay?: DurationInput
        readonly factor?: number
        readonly maxDelay?: DurationInput
      }
  readonly interruptions?: number
  readonly expected?: DurationInput
  readonly cost?: string
  readonly input?: Readonly<Record<string, unknown>>
}
