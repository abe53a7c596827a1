/** One reason why the application cannot start. */
export interface StartUpProblem {
  /** What is at fault: an option path (`jwt.secret`), or a column (`User.email`). */
  readonly path: string;
  /** The environment variable of that option, if it has one. */
  readonly env?: string;
  /** What is wrong and why it matters, without the value: values may be secrets. No full stop at the end. */
  readonly message: string;
  /** What to do about it, as a sentence. */
  readonly fix: string;
}

/** The problem as one line: the path first, what is wrong and why, the fix last. */
export function formatProblem({ path, env, message, fix }: StartUpProblem): string {
  const name = env ? `${path} (${env})` : path;
  // A path may hold a mistyped key of the application's own options, so nothing guarantees that it is one line.
  return `${name}: ${message}. ${fix}`.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
}

/**
 * Thrown while the application starts. It carries every problem found, never only the first, so that one edit of the
 * configuration can repair them all. It says what to change and never quotes a value.
 */
export class AuthStartUpError extends Error {
  override readonly name = 'AuthStartUpError';

  constructor(readonly problems: readonly StartUpProblem[]) {
    const lines = problems.map((problem, index) => `${index + 1}. ${formatProblem(problem)}`);
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super([`nestjs-gatehouse cannot start: ${count}.`, ...lines].join('\n'));
  }
}
