/** What the flags of the command line set, before what the file says. */
export interface ConfigOverrides {
  readonly host?: string | undefined
  readonly port?: number | undefined
  /** The store's folder; a relative path starts at the process's working directory. */
  readonly data?: string | undefined
  /** Sets the log's level to `debug`. */
  readonly debug?: boolean | undefined
}
