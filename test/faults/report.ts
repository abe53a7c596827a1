import { readFileSync, writeFileSync } from 'node:fs';
import type { Figure } from './fault.js';

/** The figures as a Markdown table that can also be read in a terminal. */
export function toTable(figures: readonly Figure[]): string {
  const head = ['what', 'measured', 'bar'];
  const lines = figures.map(({ what, measured, bar, holds }) => [
    what,
    measured,
    bar === undefined ? '' : `${bar}: ${holds ? 'met' : 'missed'}`,
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]!.length)));
  const format = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [format(head), format(widths.map((width) => '-'.repeat(width))), ...lines.map(format)].join('\n');
}

/**
 * Replaces what stands between the markers of one script in docs/reliability.md.
 * @throws where the page has no such markers
 */
export function writeFigures(file: URL, name: string, text: string): void {
  const page = readFileSync(file, 'utf8');
  const [startMark, endMark] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const start = page.indexOf(startMark);
  const end = page.indexOf(endMark);
  if (start < 0 || end < start) throw new Error(`${file.pathname} lacks the lines "${startMark}" and "${endMark}"`);
  writeFileSync(file, `${page.slice(0, start + startMark.length)}\n\n${text}\n\n${page.slice(end)}`);
}
