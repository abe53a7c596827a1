import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Builds the package and the sample application, which the scripts drive as separate processes; compiles the scripts into
 * .build/faults/ (only what changed), and runs them.
 */
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

for (const args of [['scripts/build.mjs'], [tsc, '-p', 'test/faults']]) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

await import('../../.build/faults/test/faults/main.js');
