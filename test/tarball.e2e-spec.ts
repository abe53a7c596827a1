import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesIn, manifest, pack, type Packed, ROOT, run } from './support/package-files.js';

/** What better-sqlite3 needs when it runs. Copied as built for this checkout: compiling it takes a minute. */
const BUILT_HERE = ['better-sqlite3', 'bindings', 'file-uri-to-path'];

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** Nothing of the developer's own environment, so that the application knows only what it is told. */
const ENVIRONMENT = {
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  JWT_SECRET: 'tarball-test-only:r7Qm2Zx9Lw4Tn8Kd3VbHsYc6Pg',
  SMTP_HOST: '127.0.0.1',
  SMTP_PORT: '9',
  SMTP_FROM_ADDR: 'accounts@example.com',
  AUTH_PUBLIC_URL: 'http://localhost:3000',
};

let packed: Packed;
let directory: string;

const node = (...args: string[]) => run(process.execPath, args, directory, ENVIRONMENT);

beforeAll(async () => {
  packed = await pack();
  directory = join(packed.directory, 'app');
  await mkdir(directory);
}, 60_000);
afterAll(() => packed.remove());

it('holds the built package, its templates and types and the documents, and nothing else', () => {
  // A declaration for another package's module has nothing to build.
  const sources = filesIn('lib').filter((file) => !file.endsWith('.d.ts'));
  // What a level `none` alone loads, what both levels share, and the rest.
  const bundle = ['foreign-token-verifier.js', 'index.js', 'principal.js'];
  const built = [...bundle, ...sources.map((file) => file.replace(/\.ts$/, '.d.ts'))];
  const documents = ['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', '.env.example', 'package.json'];
  expect(packed.files).toEqual([...built.map((file) => `dist/${file}`), ...documents].sort());
  expect(packed.files.filter((file) => file.endsWith('.hbs')).length).toBeGreaterThan(10);
});

describe('installed in an empty application', () => {
  beforeAll(async () => {
    const { peerDependencies, peerDependenciesMeta, devDependencies } = await manifest();
    // Without the optional ones: an application that has none of them must compile and start.
    const peers = Object.entries(peerDependencies)
      .filter(([name]) => !peerDependenciesMeta?.[name]?.optional)
      .map(([name, range]) => `${name}@${range}`);
    const express = `@nestjs/platform-express@${devDependencies['@nestjs/platform-express']}`;
    const types = `@types/node@${devDependencies['@types/node']}`;
    await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
    // By name, or npm could take the project whose script this test is for its own.
    const flags = [`--prefix=${directory}`, '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    await run('npm', ['install', ...flags, packed.file, ...peers, express, types], directory);
    for (const name of BUILT_HERE)
      await cp(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name), { recursive: true });
    await cp(join(ROOT, 'test/support/tarball-app/main.ts'), join(directory, 'main.ts'));
    const compilerOptions = {
      target: 'ES2022',
      module: 'NodeNext',
      strict: true,
      noUncheckedIndexedAccess: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      types: ['node'],
      outDir: 'out',
    };
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }));
  }, 240_000);

  it('can be imported and required', async () => {
    const show = 'console.log(typeof gatehouse.AuthModule.forRoot, typeof gatehouse.AuthService)';
    const imported = await node('--input-type=module', '-e', `import * as gatehouse from 'nestjs-gatehouse'; ${show}`);
    const required = await node(
      '--input-type=commonjs',
      '-e',
      `const gatehouse = require('nestjs-gatehouse'); ${show}`,
    );
    expect([imported.stdout, required.stdout]).toEqual(['function function\n', 'function function\n']);
  });

  it('lets nobody import past its front door', async () => {
    const past = node('--input-type=module', '-e', `import 'nestjs-gatehouse/dist/engine/tokens/keys.js'`);
    await expect(past).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('compiles under strict, and has types without a fault of their own', async () => {
    const compile = node(TSC, '-p', '.', '--skipLibCheck', 'false');
    const output = await compile.then(({ stdout }) => stdout).catch(({ message }: Error) => message);
    const faults = output.split('\n').filter((line) => line.includes('error TS'));
    // Types of other packages may have faults; ours and the application's must have none, even where all are looked at.
    expect(faults.filter((line) => !/^node_modules\/(?!nestjs-gatehouse\/)/.test(line))).toEqual([]);
  }, 120_000);

  it.each(['D', 'E'])('starts in mode %s without the packages that are needed later, if ever', async (mode) => {
    const late = ['handlebars', '@zxcvbn-ts/language-common', '@nestjs-modules/mailer', 'libphonenumber-js'];
    const { stdout } = await node('out/main.js', mode, ...late, 'class-transformer');
    expect(JSON.parse(lastLine(stdout))).toHaveProperty('atStart', ['class-transformer']);
  });

  it('signs up, logs in and guards a route in mode D', async () => {
    const { stdout } = await node('out/main.js', 'D');
    expect(JSON.parse(lastLine(stdout))).toEqual({
      signup: 201,
      login: 200,
      guarded: { status: 200, text: '{"email":"ann@example.com"}' },
      page: { status: 404, text: expect.stringContaining('Cannot GET') },
      service: 'object',
      atStart: [],
    });
  });

  it('renders its pages from the packed templates in mode E', async () => {
    const { stdout } = await node('out/main.js', 'E');
    expect(JSON.parse(lastLine(stdout))).toEqual({
      signup: 201,
      login: 401,
      guarded: { status: 401, text: expect.stringContaining('ACCESS_INVALID_TOKEN') },
      page: { status: 400, text: expect.stringMatching(/^<!doctype html>[^]*<\/html>\s*$/) },
      service: 'string',
      atStart: [],
    });
  });
});

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)!;
}
