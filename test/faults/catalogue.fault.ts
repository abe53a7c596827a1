import { fileURLToPath } from 'node:url';
import { INCIDENTS, isTested, missingTests, PAPERS, type Row, rowsOf } from '../support/papers.js';
import { type Fault, type Figure, none } from './fault.js';

// Compiled, it is in .build/faults/test/faults/.
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Reads the papers; the tests that they name are run by the suite. */
export const fault: Fault = {
  claim:
    'Every case of the catalogue, every incident and every requirement has a test, and each test that is named is there.',
  bars: ['C18', 'C21'],
  run: () => {
    const cases = rowsOf(ROOT, PAPERS.attacks, 'case');
    const requirements = rowsOf(ROOT, PAPERS.requirements, 'test');
    const incidents = rowsOf(ROOT, INCIDENTS, 'case');
    const tested = new Set(cases.filter(isTested).map((row) => row['case']));
    return Promise.resolve([
      all('cases with a test', cases, isTested, 264),
      all(
        'of these, P0',
        cases.filter(({ weight }) => weight === 'P0'),
        isTested,
      ),
      all('incidents that are a case with a test', incidents, (row) => tested.has(row['case'])),
      all('requirements and sources with a test', requirements, isTested, requirements.length - 3),
      none('tests that are named and not there', missingTests(ROOT, [...cases, ...requirements]).length),
    ]);
  },
};

function all(what: string, rows: readonly Row[], isGood: (row: Row) => boolean, atLeast = rows.length): Figure {
  const good = rows.filter(isGood).length;
  const bar = atLeast === rows.length ? 'all' : `at least ${atLeast}`;
  return { what, measured: `${good} of ${rows.length}`, bar, holds: rows.length > 0 && good >= atLeast };
}
