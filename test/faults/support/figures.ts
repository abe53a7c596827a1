import type { Figure } from '../fault.js';

/** A figure that nothing is promised of. */
export function told(what: string, measured: string): Figure {
  return { what, measured, holds: true };
}

/** A figure that must not be larger than a bound; `format` writes either. */
export function atMost(what: string, value: number, bound: number, format: (value: number) => string): Figure {
  return { what, measured: format(value), bar: `at most ${format(bound)}`, holds: value <= bound };
}

/** Milliseconds. */
export const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
/** KiB, of bytes. */
export const kib = (value: number): string => `${(value / 1024).toFixed(2)} KiB`;
/** MiB, of bytes. */
export const mib = (value: number): string => `${(value / 1024 ** 2).toFixed(0)} MiB`;

/** The value that a share of all is not above: 0.5 for the median, 0.99 for p99; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
