import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** From .build/faults/test/faults/support/. */
const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));

/** What a version is built of. */
const SOURCES = ['lib', 'sample-app', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];

/** The sample application as it was, built; or why that cannot be had here. */
export type PreviousVersion = { main: string; commit: string } | { missing: string };

/**
 * Builds the version that came just before a file was added, with the packages that are installed now. It stays in
 * .build/versions/, so that the next run finds it.
 * @param file from the root of the repository, e.g. a migration
 */
export function versionBefore(file: string): PreviousVersion {
  const commit = commitBefore(file);
  if (commit === undefined) return { missing: `the history of this checkout does not go back before ${file}` };
  const folder = join(ROOT, '.build/versions', commit);
  const main = join(folder, '.build/sample-app/main.js');
  if (!existsSync(main)) build(commit, folder);
  return { main, commit: commit.slice(0, 7) };
}

/** Undefined in a shallow clone, and where there is no repository at all. */
function commitBefore(file: string): string | undefined {
  try {
    // The oldest of them: one that was deleted and came back was there before.
    const adding = git('log', '--diff-filter=A', '--format=%H', '--', file).trim().split('\n').at(-1);
    return adding ? git('rev-parse', '--verify', '--quiet', `${adding}^`).trim() : undefined;
  } catch {
    return undefined;
  }
}

function build(commit: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, 'sources.tar');
  git('archive', '--format=tar', `--output=${archive}`, commit, ...SOURCES);
  execFileSync('tar', ['-xf', archive, '-C', folder]);
  rmSync(archive);
  // Packages are found further up, in the node_modules of this checkout.
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
