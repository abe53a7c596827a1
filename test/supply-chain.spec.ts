import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { manifest, ROOT, run } from './support/package-files.js';

/** The oldest version without the faults that are known of a package, and what they are. */
const FLOORS: Record<string, [version: string, fault: string]> = {
  '@nestjs/common': ['12.0.2', 'CVE-2026-102281: nesting that ends the process'],
  '@nestjs/core': ['12.0.2', 'CVE-2026-102281'],
  'class-validator': ['0.14.0', 'CVE-2019-18413: validation skipped for unknown constructors'],
  handlebars: ['4.7.10', 'CVE-2026-33938, CVE-2026-33940, CVE-2026-106446: an object in a template becomes code'],
  jsonwebtoken: ['9.0.0', 'CVE-2022-23529 and three more: lenient defaults'],
  nodemailer: ['9.1.0', 'CVE-2026-92598: mail to another domain; CVE-2026-82661: line breaks become headers'],
  typeorm: ['1.1.0', 'CVE-2026-73651: code in generated migrations'],
};

const licences = (...args: string[]) => run(process.execPath, ['scripts/licences.mjs', ...args]);

describe('what is installed with the package', () => {
  it('has no version that is known to be unsafe, however deep', async () => {
    const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string }>;
    };
    for (const [name, [floor, fault]] of Object.entries(FLOORS)) {
      // The mail catcher of `npm start` brings an old nodemailer; no application installs it.
      const copies = Object.entries(packages).filter(
        ([path]) => `/${path}`.endsWith(`/node_modules/${name}`) && !path.startsWith('node_modules/maildev/'),
      );
      expect([name, copies.length]).not.toEqual([name, 0]);
      const unsafe = copies.filter(([, { version }]) => isBefore(version, floor)).map(([path]) => path);
      expect([name, fault, unsafe]).toEqual([name, fault, []]);
    }
  });

  it('cannot become such a version: the ranges begin above it', async () => {
    const { dependencies, peerDependencies } = await manifest();
    const ranges = { ...dependencies, ...peerDependencies };
    for (const [name, [floor]] of Object.entries(FLOORS)) {
      expect(ranges[name]).toMatch(/^[\^~]\d+\.\d+\.\d+$/);
      expect([name, isBefore(ranges[name]!.slice(1), floor)]).toEqual([name, false]);
    }
  });

  it('has licences that oblige nobody who ships it to more than a notice', async () => {
    const { stdout } = await licences();
    expect(stdout).toMatch(/^ +\d+ {2}MIT /m);
  });

  it('is found out where it has others, or states none', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-licences-'));
    const lock = async (licence?: string, more = {}) => {
      const packages = { '': {}, 'node_modules/a/node_modules/@b/c': { version: '1.2.3', license: licence, ...more } };
      await writeFile(join(directory, 'lock.json'), JSON.stringify({ packages }));
      return licences(join(directory, 'lock.json'));
    };
    await expect(lock('AGPL-3.0-only')).rejects.toThrow('not allowed: AGPL-3.0-only of @b/c@1.2.3');
    await expect(lock()).rejects.toThrow('not allowed: none stated of @b/c@1.2.3');
    await lock('MIT');
    await lock('AGPL-3.0-only', { dev: true });
    await rm(directory, { recursive: true });
  });
});

/** By the three numbers; a version before a release counts as the release. */
function isBefore(version: string, floor: string): boolean {
  const [one, other] = [version, floor].map((text) => text.split(/[.-]/).slice(0, 3).map(Number)) as [
    number[],
    number[],
  ];
  const index = one.findIndex((number, at) => number !== other[at]);
  return index >= 0 && one[index]! < other[index]!;
}
