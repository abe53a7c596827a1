import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Where the package is. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The package as a registry would get it. */
export interface Packed {
  /** The tarball. */
  file: string;
  /** The paths in it, sorted. */
  files: string[];
  /** Where the tarball is, and where a test may put more. */
  directory: string;
  remove(): Promise<void>;
}

/** What a program printed. */
export interface Printed {
  stdout: string;
  stderr: string;
}

const execute = promisify(execFile);

/** Runs a program to its end; rejects with what it printed where it fails. */
export async function run(program: string, args: string[], cwd = ROOT, env = process.env): Promise<Printed> {
  try {
    return await execute(program, args, { cwd, env, maxBuffer: 32 * 1024 * 1024, timeout: 240_000 });
  } catch (error) {
    const { stdout, stderr, message } = error as Error & Printed;
    throw new Error(`${message}\n${stdout}\n${stderr}`, { cause: error });
  }
}

/** Packs what `npm run build` has built. */
export async function pack(): Promise<Packed> {
  if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error('There is no dist/ to test: run npm run build first.');
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-packed-'));
  // Without scripts: prepack would build again while other tests read dist/.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
  const [packed] = JSON.parse((await run('npm', args)).stdout) as [{ filename: string; files: { path: string }[] }];
  return {
    file: join(directory, packed.filename),
    files: packed.files.map(({ path }) => path).sort(),
    directory,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** The files below a directory of the package, as paths from there with forward slashes. */
export function filesIn(directory: string): string[] {
  const entries = readdirSync(join(ROOT, directory), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(join(ROOT, directory), join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

/** The package's own package.json. */
export async function manifest(): Promise<Manifest> {
  return JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
}

/** What the tests read of package.json. */
export interface Manifest {
  version: string;
  engines: { node: string };
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  optionalDependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}
