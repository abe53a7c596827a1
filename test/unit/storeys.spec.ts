import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { filesIn, ROOT } from '../support/package-files.js';

/** From the ground up: a storey, and in it a folder, imports from those before it and from itself. Types count. */
const STOREYS = ['platform', 'engine', 'flows', 'module'];
const FOLDERS: Record<string, readonly string[]> = {
  platform: ['common', 'config', 'data', 'http'],
  engine: [
    'texts',
    'tokens',
    'events',
    'hooks',
    'limits',
    'passwords',
    'templates',
    'mail',
    'pages',
    'links',
    'access',
    'sessions',
    'accounts',
    'sign-in',
  ],
};

/** An import of one file of lib/ by another, as paths below lib/. */
interface Import {
  from: string;
  to: string;
}

const imports = filesIn('lib')
  .filter((file) => file.endsWith('.ts') && file.includes('/'))
  .flatMap(importsOf);

function importsOf(from: string): Import[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(ROOT, 'lib', from), 'utf8'));
  const own = importedFiles.filter(({ fileName }) => fileName.startsWith('.'));
  return own.map(({ fileName }) => ({ from, to: posix.join(posix.dirname(from), fileName) }));
}

const storeyOf = (file: string) => file.split('/')[0]!;
const folderOf = (file: string) => file.split('/')[1]!;
const shown = (found: readonly Import[]) => found.map(({ from, to }) => `${from} imports ${to}`);

/** The imports of what stands later in the order, or is not in it. */
function upwards(found: readonly Import[], order: readonly string[], placeOf: (file: string) => string): Import[] {
  const rank = (file: string) => order.indexOf(placeOf(file));
  return found.filter(({ from, to }) => rank(from) === -1 || rank(to) === -1 || rank(to) > rank(from));
}

const inside = (storey: string) =>
  imports.filter(({ from, to }) => storeyOf(from) === storey && storeyOf(to) === storey);

describe('the house', () => {
  it('has storeys that import downwards only', () => {
    expect(imports.length).toBeGreaterThan(500);
    expect(shown(upwards(imports, STOREYS, storeyOf))).toEqual([]);
  });

  it.each(Object.entries(FOLDERS))('has folders in %s that import from those before them only', (storey, folders) => {
    expect(inside(storey)).not.toEqual([]);
    expect(shown(upwards(inside(storey), folders, folderOf))).toEqual([]);
  });

  it('has no flow that imports another', () => {
    const between = inside('flows').filter(({ from, to }) => folderOf(from) !== folderOf(to));
    expect(shown(between)).toEqual([]);
  });
});
