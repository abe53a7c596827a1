import { describe, expect, it } from 'vitest';
import { areaUnderCurve } from '../support/auc.js';

describe('the area under the curve', () => {
  it.each([
    ['one half for equal groups', [1, 2, 3], [1, 2, 3], 0.5],
    ['one half where all values are equal', [7, 7, 7], [7, 7], 0.5],
    ['one where the second group is greater throughout', [1, 2], [3, 4, 5], 1],
    ['nothing where it is less throughout', [3, 4, 5], [1, 2], 0],
    ['the share of pairs in which the second is greater', [1, 4], [2, 3, 5], 4 / 6],
    ['half a pair for a tie', [1, 2], [2, 3], 3.5 / 4],
  ])('is %s', (_, first, second, area) => {
    expect(areaUnderCurve(first, second)).toBeCloseTo(area, 12);
  });
});
