import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testTitles } from './test-titles.js';

/** A row of a table, by the words above its columns. */
export type Row = Readonly<Record<string, string>>;

/** The pages that name a test for each of their rows. */
export const PAPERS = { attacks: 'docs/attacks.md', requirements: 'docs/asvs.md' } as const;

/** Those that refer to the rows of {@link PAPERS.attacks} by number. */
export const INCIDENTS = 'docs/incidents.md';

/** The rows of every table of a page that has a column of that name. */
export function rowsOf(root: string, page: string, column: string): Row[] {
  const rows: Row[] = [];
  let head: string[] | undefined;
  for (const line of readFileSync(join(root, page), 'utf8').split('\n')) {
    const cells = cellsOf(line);
    if (!cells) head = undefined;
    else if (!head) head = cells;
    else if (!/^-+$/.test(cells[0]!) && head.includes(column)) rows.push(toRow(head, cells));
  }
  return rows;
}

/** Undefined for a line that is no row of a table. */
function cellsOf(line: string): string[] | undefined {
  if (!line.startsWith('|')) return undefined;
  return line
    .slice(1, line.lastIndexOf('|'))
    .split('|')
    .map((cell) => cell.trim());
}

function toRow(head: readonly string[], cells: readonly string[]): Row {
  return Object.fromEntries(head.map((name, index) => [name, cells[index] ?? '']));
}

/** True where a row names a test, or a script. */
export const isTested = ({ test }: Row): boolean => test !== 'none';

/**
 * What the rows name and is not there: a test by file and title, or a part of it; a script by a section for its figures.
 * @param root where the package is
 */
export function missingTests(root: string, rows: readonly Row[]): string[] {
  const titles = testTitles(join(root, 'test'));
  const figures = readFileSync(join(root, 'docs/reliability.md'), 'utf8');
  return rows
    .filter(isTested)
    .flatMap(({ test = '' }) => test.split('<br>'))
    .filter((named) => {
      const script = /^`npm run faults -- ([\w-]+)`$/.exec(named)?.[1];
      if (script !== undefined) return !figures.includes(`<!-- ${script}:start -->`);
      const [, file, title] = /^`([\w/-]+)`: (.{8,})$/.exec(named) ?? [];
      return !titles.get(file ?? '')?.some((each) => each.includes(title!));
    });
}
