import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesIn, type Manifest, manifest, pack, type Packed, ROOT, run } from './support/package-files.js';

/** Declared although nothing in lib/ imports it, and why. */
const NEEDED_BY_OTHERS: Record<string, string> = {
  '@nestjs/throttler':
    'AuthThrottlerStorage has the shape of its storage; a type of it would be missed where it is not there',
  lodash: '@nestjs-modules/mailer 2.3 requires it without declaring it',
  '@nestjs/terminus': 'takes what AuthHealthIndicator finds; by its form alone, so that nothing is loaded',
  'reflect-metadata': 'the decorators of Nest and TypeORM keep their metadata in it',
};

let found: Manifest;

beforeAll(async () => {
  found = await manifest();
});

describe('the dependencies', () => {
  it('declare every package that lib/ imports, and no other', async () => {
    const { dependencies, peerDependencies, optionalDependencies } = found;
    const declared = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
    const imported = await importedPackages();
    expect(imported.filter((name) => !declared.includes(name))).toEqual([]);
    expect(declared.filter((name) => !imported.includes(name)).sort()).toEqual(Object.keys(NEEDED_BY_OTHERS).sort());
  });

  it('name no package twice', () => {
    const { dependencies, peerDependencies, optionalDependencies } = found;
    const names = [dependencies, peerDependencies, optionalDependencies].flatMap((each) => Object.keys(each));
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
  });

  it('share with the application what must be one copy, and are tested with it', () => {
    for (const name of ['@nestjs/common', '@nestjs/core', '@nestjs/typeorm', 'typeorm', 'reflect-metadata', 'rxjs']) {
      expect(found.peerDependencies).toHaveProperty([name]);
      expect(found.devDependencies).toHaveProperty([name]);
    }
  });

  it('bring no database driver and no web server: the application chooses them', () => {
    const brought = Object.keys({ ...found.dependencies, ...found.optionalDependencies });
    expect(brought.filter((name) => /sqlite|^pg$|mysql|mariadb|express|fastify/.test(name))).toEqual([]);
  });

  it('keep the argon2 that does not crash Node 20, with the faster one optional', () => {
    expect(found.dependencies['argon2']).toBe('^0.44.0');
    expect(Object.keys(found.optionalDependencies)).toContain('@node-rs/argon2');
  });
});

it('runs where Nest 12 and require(esm) run', () => {
  expect(found.engines.node).toBe('^20.19.0 || ^22.12.0 || >=24.0.0');
});

describe('the packed package', () => {
  let packed: Packed;

  beforeAll(async () => {
    packed = await pack();
  }, 60_000);
  afterAll(() => packed.remove());

  it('satisfies publint', async () => {
    const { buffer } = new Uint8Array(await readFile(packed.file));
    const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('satisfies "are the types wrong", ESM being what require() gets as well', async () => {
    const attw = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    // Every Node of `engines` requires ES modules; resolution of TypeScript 4 ("node10") is no goal.
    const args = [attw, packed.file, '--format', 'json', '--profile', 'node16'];
    const { stdout } = await run(process.execPath, [...args, '--ignore-rules', 'cjs-resolves-to-esm']);
    const { analysis } = JSON.parse(stdout) as { analysis: { types: unknown; problems: { kind: string }[] } };
    expect(analysis.types).toEqual({ kind: 'included' });
    expect(analysis.problems.map(({ kind }) => kind).filter((kind) => kind !== 'CJSResolvesToESM')).toEqual([]);
  });
});

describe('the bundle', () => {
  // decodeURIComponent(path), called because it may throw, was once taken for useless: what the tests of the sources saw
  // refused, the package let through.
  it('leaves out no call of the modules it is made of', { timeout: 60_000 }, async () => {
    const inBundle = await callsIn('dist');
    const inModules = await callsIn('.build/lib');
    expect(inModules.size).toBeGreaterThan(500);
    const missing = [...inModules].filter(([name, count]) => (inBundle.get(name) ?? 0) < count);
    expect(missing).toEqual([]);
  });
});

describe('the published types', () => {
  it('show no class of the package that it does not export, as what a constructor takes', () => {
    const program = ts.createProgram([join(ROOT, 'dist/index.d.ts')], {
      module: ts.ModuleKind.NodeNext,
      noLib: true,
      types: [],
    });
    const exported = exportsOf(program);
    expect(exported.length).toBeGreaterThan(50);
    expect(exported.flatMap((symbol) => strangersIn(symbol, exported, program))).toEqual([]);
  });
});

function exportsOf(program: ts.Program): ts.Symbol[] {
  const checker = program.getTypeChecker();
  const index = checker.getSymbolAtLocation(program.getSourceFile(join(ROOT, 'dist/index.d.ts'))!)!;
  return checker.getExportsOfModule(index).map((symbol) => original(symbol, checker));
}

/** The types of this package, but not of its public API, that the constructor of a class names. */
function strangersIn(symbol: ts.Symbol, exported: readonly ts.Symbol[], program: ts.Program): string[] {
  const checker = program.getTypeChecker();
  const constructors = (symbol.declarations ?? []).filter(ts.isClassDeclaration).flatMap(({ members }) => members);
  const names = constructors
    .filter(ts.isConstructorDeclaration)
    .flatMap(({ parameters }) => parameters.flatMap(typesIn));
  return names
    .map((name) => original(checker.getSymbolAtLocation(name)!, checker))
    .filter((each) => each.declarations?.some((node) => node.getSourceFile().fileName.startsWith(join(ROOT, 'dist'))))
    .filter((each) => !exported.includes(each))
    .map((each) => `${symbol.name}: ${each.name}`);
}

function typesIn(node: ts.Node): ts.EntityName[] {
  const own = ts.isTypeReferenceNode(node) ? [node.typeName] : [];
  const children: ts.Node[] = [];
  node.forEachChild((child) => void children.push(child));
  return [...own, ...children.flatMap(typesIn)];
}

/** What an import or a re-export stands for. */
function original(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function isOfPackage({ parent }: ts.ImportSpecifier): boolean {
  const { moduleSpecifier } = parent.parent.parent;
  return ts.isStringLiteral(moduleSpecifier) && !moduleSpecifier.text.startsWith('.');
}

/** How often each function, method or class is called in the JavaScript of a folder. */
async function callsIn(folder: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  // What a module imports of a package under another name: the bundler chooses its own.
  const aliases = new Map<string, string>();
  const visit = (node: ts.Node): void => {
    if (ts.isImportSpecifier(node) && isOfPackage(node)) aliases.set(node.name.text, node.propertyName?.text ?? '');
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const { expression } = node;
      const callee = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
      // A bundler numbers what two modules call by one name.
      const text = ts.isIdentifier(callee) ? callee.text : ts.SyntaxKind[callee.kind]!;
      const name = (callee === expression ? aliases.get(text) || text : text).replace(/\$\d+$/, '');
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    node.forEachChild(visit);
  };
  for (const file of filesIn(folder).filter((path) => path.endsWith('.js'))) {
    aliases.clear();
    const text = await readFile(join(ROOT, folder, file), 'utf8');
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true));
  }
  return counts;
}

/** The packages that the sources import, types and dynamic imports included. */
async function importedPackages(): Promise<string[]> {
  const names = new Set<string>();
  for (const file of filesIn('lib').filter((path) => path.endsWith('.ts'))) {
    const { importedFiles } = ts.preProcessFile(await readFile(join(ROOT, 'lib', file), 'utf8'));
    for (const { fileName } of importedFiles) if (!fileName.startsWith('.')) names.add(packageOf(fileName));
  }
  return [...names].filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
