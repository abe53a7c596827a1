import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { median, type Pace, ratiosOf } from './interleave.js';

/** One line of the table: what each round measured, and what it is compared with. */
export interface Row {
  /** The comparison it belongs to. */
  group: string;
  /** Database, and adapter where both are measured. */
  setting: string;
  measured: string;
  unit: '/s' | 'ms' | 'MiB';
  /** By round. */
  figures: readonly number[];
  /** Measured in the same rounds. */
  reference?: { measured: string; figures: readonly number[] };
  /** The bar of the ratio, where there is one. */
  atLeast?: number;
  atMost?: number;
}

const START = '<!-- bench:start, written by npm run bench -- --write -->';
const END = '<!-- bench:end -->';

/** True where there is a bar and the ratio misses it. */
export function misses({ figures, reference, atLeast, atMost }: Row): boolean {
  if (!reference) return false;
  const ratio = median(ratiosOf(figures, reference.figures));
  return (atLeast !== undefined && !(ratio >= atLeast)) || (atMost !== undefined && !(ratio <= atMost));
}

/** True where something was not measured: a rate or a time of nothing is no figure. */
export function isMissing({ figures, reference }: Row): boolean {
  const all = [...figures, ...(reference?.figures ?? [])];
  return all.length === 0 || all.some((figure) => !(figure > 0 && Number.isFinite(figure)));
}

/** The figures as a Markdown table that can also be read in a terminal. */
export function toTable(rows: readonly Row[]): string {
  const head = ['measured', 'on', 'median', 'compared with', 'median', 'ratio (all rounds)', 'bar'];
  const lines = rows.map((row) => [
    row.measured,
    row.setting,
    withUnit(row.figures, row.unit),
    row.reference?.measured ?? '',
    row.reference ? withUnit(row.reference.figures, row.unit) : '',
    row.reference ? withSpread(ratiosOf(row.figures, row.reference.figures)) : '',
    bar(row),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]!.length)));
  const format = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [format(head), format(widths.map((width) => '-'.repeat(width))), ...lines.map(format)].join('\n');
}

function withUnit(figures: readonly number[], unit: Row['unit']): string {
  const figure = median(figures);
  const digits = figure.toFixed(figure < 100 ? 1 : 0);
  return unit === '/s' ? `${digits}/s` : `${digits} ${unit}`;
}

function withSpread(ratios: readonly number[]): string {
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  return `${median(ratios).toFixed(2)} (${least} to ${most})`;
}

function bar(row: Row): string {
  const verdict = misses(row) ? 'missed' : 'met';
  if (row.atLeast !== undefined) return `at least ${row.atLeast.toFixed(2)}: ${verdict}`;
  if (row.atMost !== undefined) return `at most ${row.atMost.toFixed(2)}: ${verdict}`;
  return '';
}

/** Where and how the figures are taken; to be asked before the benchmark itself is what loads the machine. */
export function describeRun({ rounds, seconds }: Pace): string {
  const cores = cpus();
  const cpu = cores[0]?.model.trim() ?? 'an unknown processor';
  const [load = 0] = loadavg();
  const beside = load < 1 ? '' : '; other work ran beside it, so that bars may be missed, and met, by chance';
  return `Taken on ${cores.length} cores (${cpu}), Node ${process.versions.node}, ${rounds} rounds of ${seconds} seconds. Load before it: ${load.toFixed(1)}${beside}.`;
}

/** Replaces what stands between the markers of docs/performance.md. */
export function writeTable(file: URL, text: string): void {
  const page = readFileSync(file, 'utf8');
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`${file.pathname} lacks the lines "${START}" and "${END}"`);
  writeFileSync(file, `${page.slice(0, start + START.length)}\n\n${text}\n\n${page.slice(end)}`);
}
