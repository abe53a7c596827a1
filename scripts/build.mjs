import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Builds the package into dist/ and the sample application, which imports it by name, into .build/sample-app/. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

function compile(project) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`The build stopped: ${project} has the errors above.`);
    process.exit(1);
  }
}

function copyTemplates(from, to) {
  for (const file of readdirSync(from, { recursive: true })) {
    if (/(^|[\\/])templates[\\/].*\.hbs$/.test(file)) cpSync(join(from, file), join(to, file));
  }
}

// What a renamed or deleted source file left behind would be published, and loaded.
for (const output of ['dist', '.build/sample-app']) rmSync(join(root, output), { recursive: true, force: true });

compile('tsconfig.build.json');
copyTemplates(join(root, 'lib'), join(root, 'dist'));
compile('sample-app/tsconfig.json');
cpSync(join(root, 'sample-app/public'), join(root, '.build/sample-app/public'), { recursive: true });
