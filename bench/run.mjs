import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Builds the package, whose start is measured as it is published; compiles its modules and the benchmark into .build/bench/
 * (only what changed), and runs the benchmark.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

for (const args of [['scripts/build.mjs'], [tsc, '-p', 'bench']]) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
// The templates: all of lib/ that is not compiled.
cpSync(join(root, 'lib'), join(root, '.build/bench/lib'), {
  recursive: true,
  filter: (file) => extname(file) !== '.ts',
});

await import('../.build/bench/bench/main.js');
