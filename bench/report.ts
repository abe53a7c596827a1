import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Pace } from './interleave.js';

/** One line of the table. */
export interface Row {
  /** The comparison it belongs to. */
  group: string;
  /** Database, and adapter where it is not Express. */
  setting: string;
  measured: string;
  value: string;
  reference?: string;
  referenceValue?: string;
  ratio?: number;
  /** The bar, where there is one. */
  atLeast?: number;
  atMost?: number;
}

const START = '<!-- bench:start, written by npm run bench -- --write -->';
const END = '<!-- bench:end -->';

/** True where there is a bar and the ratio misses it. */
export function misses({ ratio = Number.NaN, atLeast, atMost }: Row): boolean {
  if (atLeast !== undefined) return !(ratio >= atLeast);
  return atMost !== undefined && !(ratio <= atMost);
}

/** The figures as a Markdown table that can also be read in a terminal. */
export function toTable(rows: readonly Row[]): string {
  const head = ['measured', 'on', 'rate or time', 'compared with', 'rate or time', 'ratio', 'bar'];
  const lines = rows.map((row) => [
    row.measured,
    row.setting,
    row.value,
    row.reference ?? '',
    row.referenceValue ?? '',
    row.ratio?.toFixed(2) ?? '',
    bar(row),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]!.length)));
  const format = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [format(head), format(widths.map((width) => '-'.repeat(width))), ...lines.map(format)].join('\n');
}

function bar(row: Row): string {
  const verdict = misses(row) ? 'missed' : 'met';
  if (row.atLeast !== undefined) return `at least ${row.atLeast.toFixed(2)}: ${verdict}`;
  if (row.atMost !== undefined) return `at most ${row.atMost.toFixed(2)}: ${verdict}`;
  return '';
}

/** Where the figures were taken, in a sentence. */
export function describeRun({ rounds, seconds }: Pace): string {
  const cores = cpus();
  const cpu = cores[0]?.model.trim() ?? 'an unknown processor';
  return `Taken on ${cores.length} cores (${cpu}), Node ${process.versions.node}, ${rounds} rounds of ${seconds} seconds.`;
}

/** Replaces what stands between the markers of docs/performance.md. */
export function writeTable(file: URL, text: string): void {
  const page = readFileSync(file, 'utf8');
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`${file.pathname} lacks the lines "${START}" and "${END}"`);
  writeFileSync(file, `${page.slice(0, start + START.length)}\n\n${text}\n\n${page.slice(end)}`);
}
