import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/**
 * Builds the package into dist/ and the sample application, which imports it by name, into .build/sample-app/.
 *
 * The package is one file of JavaScript, beside what only some applications load: an application that starts would else
 * open some three hundred. What each part of it was is said where it begins. The modules themselves, which the scripts of
 * this project import, are in .build/lib/.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
const [modules, dist] = [join(root, '.build/lib'), join(root, 'dist')];

function compile(project) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`The build stopped: ${project} has the errors above.`);
    process.exit(1);
  }
}

function copyFiles(from, to, pattern) {
  for (const file of readdirSync(from, { recursive: true })) {
    if (pattern.test(file)) cpSync(join(from, file), join(to, file));
  }
}

/** Templates lie beside the module that renders them: in the bundle, where that module lay. */
const ownTemplates = {
  name: 'own-templates',
  load(id) {
    if (!id.startsWith(modules)) return;
    const folder = relative(modules, dirname(id)).replaceAll('\\', '/');
    return readFileSync(id, 'utf8').replace("new URL('./templates'", `new URL('./${folder}/templates'`);
  },
};

/** Packages stay what the application has installed; only the compiler's helpers are in the bundle, once. */
function isPackage(id) {
  return !id.startsWith('.') && !id.startsWith(root) && id !== 'tslib';
}

async function bundle() {
  const input = join(modules, 'index.js');
  // Nothing is left out: both would take for useless what is called only because it may throw (decodeURIComponent).
  const build = await rolldown({ input, external: isPackage, plugins: [ownTemplates], treeshake: false });
  await build.write({ dir: dist, format: 'esm', keepNames: true, minify: false, chunkFileNames: '[name].js' });
  await build.close();
}

// What a renamed or deleted source file left behind would be published, and loaded.
for (const output of [modules, dist, join(root, '.build/sample-app')]) rmSync(output, { recursive: true, force: true });

compile('tsconfig.build.json');
copyFiles(join(root, 'lib'), modules, /(^|[\\/])templates[\\/].*\.hbs$/);
copyFiles(modules, dist, /\.(d\.ts|hbs)$/);
await bundle();
compile('sample-app/tsconfig.json');
cpSync(join(root, 'sample-app/public'), join(root, '.build/sample-app/public'), { recursive: true });
