/** It took too long. What was asked goes on, and its outcome is nobody's. */
export class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

/**
 * The outcome of something that may hang.
 * @throws TookTooLong after that many milliseconds
 */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TookTooLong(`no outcome after ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
