/** What is measured, opened in a process of its own; it rests until it is asked for a round. */
export interface Subject<Request, Figures> {
  round(request: Request): Promise<Figures>
  close(): Promise<unknown>
}

/** What the module of a subject exports as `open`. Setup, requests and figures are plain data. */
export type Open<Setup, Request, Figures> = (setup: Setup) => Promise<Subject<Request, Figures>>

export type SetupOf<O> = O extends Open<infer Setup, infer _Request, infer _Figures> ? Setup : never
export type RequestOf<O> = O extends Open<infer _Setup, infer Request, infer _Figures> ? Request : never
export type FiguresOf<O> = O extends Open<infer _Setup, infer _Request, infer Figures> ? Figures : never

export type ToSubject =
  | { readonly type: 'open'; readonly module: string; readonly setup: unknown }
  | { readonly type: 'round'; readonly request: unknown }
  | { readonly type: 'close' }

export type FromSubject =
  | {
      readonly type: 'done'
      readonly figures?: unknown /** Milliseconds of processor time. */
      readonly used: number
    }
  | { readonly type: 'failed'; readonly error: string }
