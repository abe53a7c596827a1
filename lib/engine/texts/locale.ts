import { HEADER_BLANKS, trimEnds } from '../../platform/common/trim-ends.js';

/** A longer header, or more ranges in it, is no browser's: the rest is not read, so the cost stays bounded. */
const MAX_HEADER_LENGTH = 256;
const MAX_RANGES = 16;

/**
 * The available locale that serves a requested one: itself, else with subtags cut off from the right
 * (`zh-Hant-TW`, `zh-Hant`, `zh`; RFC 4647 section 3.4), else one for another region (`pt-BR` for `pt-PT`: nearer than
 * another language), else undefined. Case does not matter.
 */
export function lookUpLocale(requested: string, available: readonly string[]): string | undefined {
  let tag = requested.slice(0, MAX_HEADER_LENGTH).toLowerCase();
  const [language = ''] = tag.split('-');
  while (tag) {
    const range = tag;
    const match = available.find((locale) => locale.toLowerCase() === range);
    if (match) return match;
    tag = tag.slice(0, Math.max(tag.lastIndexOf('-'), 0));
  }
  return available.find((locale) => locale.toLowerCase().startsWith(`${language}-`));
}

/**
 * The available locale an Accept-Language header (RFC 9110 section 12.5.4) prefers, else `fallback`.
 * The answer is always one of ours: nothing of the header reaches a path or a page.
 */
export function negotiateLocale(header: string | undefined, available: readonly string[], fallback: string): string {
  const ranges = (header ?? '')
    .slice(0, MAX_HEADER_LENGTH)
    .split(',', MAX_RANGES)
    .map(parseRange)
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  for (const { tag } of ranges) {
    const match = tag === '*' ? fallback : lookUpLocale(tag, available);
    if (match) return match;
  }
  return fallback;
}

function parseRange(range: string): { tag: string; quality: number } {
  const [tag = '', ...parameters] = range.split(';').map((part) => trimEnds(part, HEADER_BLANKS));
  const weight = parameters.find((parameter) => /^q=/i.test(parameter));
  const quality = weight === undefined ? 1 : Number(weight.slice(2));
  return { tag, quality: tag && Number.isFinite(quality) ? quality : 0 };
}
