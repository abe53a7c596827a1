import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './package-files.js';

/** What `npm start` reads: the sources, and then what `npm run build` made of them, which must be newer. */
const SOURCES = [
  'lib',
  'package-lock.json',
  'package.json',
  'sample-app',
  'scripts',
  'tsconfig.build.json',
  'tsconfig.json',
];
const OUTPUTS = ['dist', '.build/sample-app'];

/** A checkout that a test may start in: whatever it installs, builds, writes or deletes, it is not this one. */
export interface OwnCheckout {
  directory: string;
  remove(): Promise<void>;
}

/** Copies this checkout, built as it is; its node_modules are links to the packages of this one. */
export async function ownCheckout(): Promise<OwnCheckout> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-checkout-'));
  for (const path of [...SOURCES, ...OUTPUTS]) {
    await cp(join(ROOT, path), join(directory, path), { recursive: true });
  }
  for (const name of await installedPackages()) {
    const link = join(directory, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link, 'junction');
  }
  await cp(join(ROOT, 'node_modules/.package-lock.json'), join(directory, 'node_modules/.package-lock.json'));
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

async function installedPackages(): Promise<string[]> {
  const names: string[] = [];
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (name.startsWith('@')) {
      for (const scoped of await readdir(join(ROOT, 'node_modules', name))) names.push(`${name}/${scoped}`);
    } else if (!name.startsWith('.')) names.push(name);
  }
  return names;
}
