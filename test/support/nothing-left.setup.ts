import { afterAll, vi } from 'vitest';

// The files of a worker share one process and its modules: what one of them replaced is put back for the next.
afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});
