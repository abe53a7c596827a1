import { once } from 'node:events';
import { PasswordHasher } from '../../lib/engine/passwords/password-hasher.js';
import type { TestApp } from './test-app.js';

/** Lets hashes of many parties run and wait until no place is left; what comes back takes them away. */
export function fillQueue(t: TestApp): () => Promise<void> {
  const limiter = t.app.get(PasswordHasher)['limiter'];
  const over = new AbortController();
  const ended = once(over.signal, 'abort');
  const all = Array.from({ length: limiter.concurrency + 64 }, (_, index) => limiter.run(() => ended, String(index)));
  return async () => {
    over.abort();
    await Promise.all(all);
  };
}
