/**
 * Waits for all, and only then fails where one has failed: each cleans up after itself, and the process ends with the first
 * error that is thrown.
 */
export async function allDone<T>(runs: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(runs);
  return Promise.all(runs);
}
