/** How much of a script is run. */
export type Size = 'short' | 'whole';

/** One figure of a script, and whether it is what was promised. */
export interface Figure {
  /** What was counted or timed, and on what: `lost mails of 1,000 (PostgreSQL)`. */
  what: string;
  /** As it is printed, with its unit. */
  measured: string;
  /** What is promised: `0`, `at most 10 s`. Left out where nothing is. */
  bar?: string;
  /** False where the promise is broken. */
  holds: boolean;
}

/** A script of this folder: `<name>.fault.ts` exports one as `fault`. */
export interface Fault {
  /** One sentence: what is done to the application, and what must be true afterwards. */
  claim: string;
  /** Rows of the table of bars it gives figures for, in docs/reliability.md. */
  bars?: readonly string[];
  /**
   * Does it, on 127.0.0.1, and stops whatever it started.
   * @param size `short` is for every change and takes less than a minute; `whole` is what is published
   * @throws where it could not be carried out at all
   */
  run(size: Size): Promise<Figure[]>;
}

/** A figure that is right at zero: losses, violations, unexpected answers. */
export function none(what: string, count: number): Figure {
  return { what, measured: String(count), bar: '0', holds: count === 0 };
}
