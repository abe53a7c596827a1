import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './support/package-files.js';
import { INCIDENTS, isTested, missingTests, PAPERS, type Row, rowsOf } from './support/papers.js';
import { testTitles } from './support/test-titles.js';

const cases = rowsOf(ROOT, PAPERS.attacks, 'case');
const requirements = rowsOf(ROOT, PAPERS.requirements, 'test');
const bars = rowsOf(ROOT, 'docs/reliability.md', 'command');
const numbers = (count: number, prefix = '') => Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);

describe('the tests that the papers name', () => {
  it.each(Object.values(PAPERS))('are there: %s', (page) => {
    expect(missingTests(ROOT, rowsOf(ROOT, page, 'test'))).toEqual([]);
  });

  it('are there by their files in the tables of docs/security.md', () => {
    const titles = testTitles(join(ROOT, 'test'));
    const named = rowsOf(ROOT, 'docs/security.md', 'test').flatMap(({ test = '' }) =>
      test.replace(/\([^)]*\)/g, '').split(', '),
    );
    expect(named.length).toBeGreaterThan(50);
    expect(named.map((file) => file.trim()).filter((file) => !titles.has(file))).toEqual([]);
  });

  it('would be missed', () => {
    const rows: Row[] = [
      { test: '`docs`: links to nothing that is not there' },
      { test: '`docs`: links to everything' },
      { test: '`no-such-file`: links to nothing that is not there<br>`npm run faults -- no-such-script`' },
      { test: 'docs' },
      { test: 'none' },
    ];
    expect(missingTests(ROOT, rows)).toEqual([
      '`docs`: links to everything',
      '`no-such-file`: links to nothing that is not there',
      '`npm run faults -- no-such-script`',
      'docs',
    ]);
  });
});

describe('the catalogue of attacks', () => {
  it('has each of its cases once, in order within a section', () => {
    const found = cases.map((row) => Number(row['case']));
    expect(found.toSorted((one, other) => one - other).map(String)).toEqual(numbers(264));
    expect(new Set(cases.map(({ weight }) => weight))).toEqual(new Set(['P0', 'P1', 'P2']));
  });

  it('has a test for every case of weight P0 and P1', () => {
    const untested = cases.filter((row) => !isTested(row));
    expect(untested.filter(({ weight }) => weight !== 'P2')).toEqual([]);
  });

  it('has a case with a test for every incident', () => {
    const tested = new Set(cases.filter(isTested).map((row) => row['case']));
    const incidents = rowsOf(ROOT, INCIDENTS, 'case');
    expect(incidents.length).toBeGreaterThan(60);
    expect(incidents.filter((row) => !tested.has(row['case']))).toEqual([]);
  });
});

it('each requirement without a test is a stated deviation', () => {
  const deviations = readFileSync(join(ROOT, 'docs/security.md'), 'utf8').split('## Deviations')[1]!;
  const untested = requirements.filter((row) => !isTested(row)).map(({ requirement }) => requirement!);
  expect(untested.filter((requirement) => !deviations.includes(requirement))).toEqual([]);
});

describe('the table of bars', () => {
  it('has every bar once', () => {
    expect(bars.map(({ bar }) => bar)).toEqual(numbers(21, 'C'));
  });

  it('names commands that are there', () => {
    const page = readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8');
    const commands = bars.flatMap(({ command = '' }) => [...command.matchAll(/`([^`]+)`/g)].map(([, each]) => each!));
    expect(commands.length).toBeGreaterThanOrEqual(bars.length);
    const isThere = (command: string): boolean => {
      const [, tool, what] = /^(npm run faults --|npx vitest run) (\S+)$/.exec(command) ?? [];
      return tool === 'npx vitest run'
        ? existsSync(join(ROOT, what!))
        : what !== undefined && page.includes(`<!-- ${what}:start -->`);
    };
    expect(commands.filter((command) => !isThere(command))).toEqual([]);
  });
});
