import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What waits longest for other programs begins first, so that the end of a run never waits for it alone. */
const FIRST = ['tarball.', 'sample-app.', 'races.', 'fuzz.', 'mail-outbox.'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const first = FIRST.flatMap((name) => others.filter(({ moduleId }) => moduleId.includes(`/${name}`)));
    return [...new Set([...first, ...others])];
  }
}

export default defineConfig({
  // Nothing is written into node_modules.
  cacheDir: '.build/vite',
  resolve: {
    // The tests run the sources; the built package is tested by the tarball and sample-application tests.
    alias: { 'nestjs-gatehouse': fileURLToPath(new URL('./lib/index.ts', import.meta.url)) },
  },
  test: {
    include: ['test/**/*.spec.ts', 'test/**/*.e2e-spec.ts'],
    globalSetup: ['test/support/legs.global.ts'],
    setupFiles: ['test/support/nothing-left.setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // A third of a run went into loading Nest and TypeORM again for every file.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
