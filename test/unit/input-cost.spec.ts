import { Type } from 'class-transformer';
import { IsOptional, IsString, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { AuthError } from '../../lib/platform/common/auth.errors.js';
import { validateInput } from '../../lib/platform/http/input.decorator.js';
import { BODY_LIMIT_BYTES, parseForm } from '../../lib/platform/http/safe-body.js';

class PlaceDto {
  @IsString()
  town!: string;
}

class NoteDto {
  @IsString()
  text!: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => PlaceDto)
  place?: PlaceDto;
}

/** How many times the cost of an ordinary body one request may cause. Before there were bounds it was 200 times. */
const MAX_RATIO = 40;
const ORDINARY = { text: 'x', place: { town: 'y' } };

const named = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, 1]));

/** Milliseconds of the quickest of some runs: what the code costs, whatever else the machine does. */
async function costOf(run: () => unknown): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 30; round++) {
    const begun = performance.now();
    await Promise.resolve().then(run).catch(asRefused);
    least = Math.min(least, performance.now() - begun);
  }
  return least;
}

function asRefused(error: unknown): void {
  if (!(error instanceof AuthError)) throw error;
}

function codeOf(items: number): Promise<unknown> {
  const body = { text: 'x', place: named(200), more: Array.from({ length: items }, () => 1) };
  return validateInput(NoteDto, body).catch((error: AuthError) => error.code);
}

describe('the cost of a body', () => {
  it.each<[string, object]>([
    ['2,100 unknown fields', named(2_100)],
    ['2,100 unknown fields beside known ones', { ...ORDINARY, ...named(2_100) }],
    ['2,100 unknown fields one level down', { text: 'x', place: named(2_100) }],
    ['a list of 8,000', { text: Array.from({ length: 8_000 }, () => 1) }],
    ['5,000 empty lists', { text: 'x', unknown: Array.from({ length: 5_000 }, () => []) }],
    ['5,000 empty objects', { text: 'x', place: Array.from({ length: 5_000 }, () => ({})) }],
    ['one name of 16 KB', { ['x'.repeat(BODY_LIMIT_BYTES)]: 1 }],
  ])('is bounded with %s', async (_, body) => {
    const ordinary = await costOf(() => validateInput(NoteDto, ORDINARY));
    const hostile = await costOf(() => validateInput(NoteDto, body));
    expect(hostile / ordinary).toBeLessThan(MAX_RATIO);
  });

  it('is bounded with a form of 8,000 fields', async () => {
    const ordinary = await costOf(() => parseForm(Buffer.from('new_password=correct+horse&token=x')));
    const hostile = await costOf(() => parseForm(Buffer.alloc(BODY_LIMIT_BYTES, 'a&')));
    expect(hostile / ordinary).toBeLessThan(MAX_RATIO);
  });

  it('counts fields and list items of all levels', async () => {
    expect([await codeOf(512 - 203), await codeOf(512 - 202)]).toEqual(['INPUT_INVALID', 'INPUT_MALFORMED']);
  });
});
