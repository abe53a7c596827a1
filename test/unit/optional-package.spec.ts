import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { optionalPackage } from '../../lib/platform/common/optional-package.js';

const MANIFEST = JSON.stringify({ main: 'index.js' });

/** An application's folder, with packages that Node itself loads. */
const FILES: Record<string, string> = {
  'load.mjs': 'export const load = (name) => import(name);',
  'node_modules/whole/package.json': MANIFEST,
  'node_modules/whole/index.js': 'exports.answer = 42;',
  'node_modules/lacks-a-module/package.json': JSON.stringify({ type: 'module', main: 'index.js' }),
  'node_modules/lacks-a-module/index.js': "import 'absent';",
  'node_modules/lacks-a-required-one/package.json': MANIFEST,
  'node_modules/lacks-a-required-one/index.js': "require('absent');",
  'node_modules/half-installed/package.json': MANIFEST,
  'node_modules/half-upgraded/package.json': MANIFEST,
  'node_modules/half-upgraded/index.js': 'exports.answer = ;',
};

let folder: string;
let load: (name: string) => Promise<{ answer?: number }>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'optional-'));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  ({ load } = (await import(pathToFileURL(join(folder, 'load.mjs')).href)) as { load: typeof load });
});
afterAll(() => rmSync(folder, { recursive: true }));

const found = (name: string) => optionalPackage(name, () => load(name));

describe('a package the application may do without', () => {
  it('is loaded where it is there', async () => {
    expect(await found('whole')).toMatchObject({ answer: 42 });
  });

  it('is done without where it is not', async () => {
    expect(await found('absent')).toBeUndefined();
    expect(await found('@scope/absent')).toBeUndefined();
  });

  it.each(['lacks-a-module', 'lacks-a-required-one', 'half-installed', 'half-upgraded'])(
    'is no absent one where it is broken: %s',
    async (name) => {
      const error = await found(name).then(
        () => undefined,
        (reason: unknown) => reason as Error,
      );
      expect(error?.message).toContain(`${name} is installed, but cannot be loaded.`);
      expect(error?.cause).toBeInstanceOf(Error);
    },
  );
});
