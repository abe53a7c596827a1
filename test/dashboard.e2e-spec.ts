import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUTH_EVENTS, AuthThrottlerStorage, type LimitReturn, LimitStore, type LimitVerdict } from 'nestjs-gatehouse';
import { beforeAll, describe, expect, it } from 'vitest';
import { prometheusText } from '../scripts/prometheus-text.mjs';
import { inParallel } from './support/client.js';
import { address, createLimitedApp, from } from './support/limited-app.js';
import { tokenIn } from './support/mailbox.js';
import { Measurements } from './support/measurements.js';
import { ROOT } from './support/package-files.js';
import { PASSWORD } from './support/test-app.js';

interface Panel {
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; legendFormat: string }[];
}

const { panels } = JSON.parse(readFileSync(join(ROOT, 'docs/grafana/gatehouse.json'), 'utf8')) as { panels: Panel[] };
const expressions = panels.flatMap(({ targets = [] }) => targets);

/** A metric that an expression asks for, with what its braces ask of the labels. */
const SELECTOR = /\b(gatehouse_\w+)(?:\{([^}]*)\})?(?=\[|\))/g;
const MATCHER = /(\w+)(=~|!=|=)"([^"]*)"/g;

/** Without what it groups by. */
const seriesOf = (expr: string) => expr.replaceAll(/by \([^)]*\)/g, '');

const asked = expressions.flatMap(({ expr, legendFormat }) =>
  [...seriesOf(expr).matchAll(SELECTOR)].map(([, series, matchers = '']) => ({
    series: series!,
    matchers: [...matchers.matchAll(MATCHER)].map(([, label, , value]) => ({
      label: label!,
      values: value!.split('|'),
    })),
    grouped: [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names]) => names!.split(', ')),
    shown: [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!),
  })),
);

class Broken extends LimitStore {
  override take(): Promise<LimitVerdict[]> {
    return Promise.reject(new Error('no counters'));
  }
  override giveBack(_: readonly LimitReturn[]): Promise<void> {
    return Promise.resolve();
  }
}

describe('the dashboard for Grafana', () => {
  /** The labels of each series, with their values. */
  const emitted = new Map<string, Map<string, Set<string>>>();
  const types = new Map<string, string>();

  beforeAll(async () => {
    const measured = new Measurements();
    await useEverything();
    for (const line of prometheusText(await measured.all()).split('\n')) {
      const [, name, type] = /^# TYPE (\w+) (\w+)$/.exec(line) ?? [];
      if (name) types.set(name, type!);
      const [, series, labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
      if (!series) continue;
      const known = emitted.get(series) ?? new Map<string, Set<string>>();
      for (const [, label, value] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
        known.set(label!, (known.get(label!) ?? new Set()).add(value!));
      }
      emitted.set(series, known);
    }
    await measured.stop();
  }, 120_000);

  it('asks for nothing that the module does not measure', () => {
    expect(asked.length).toBeGreaterThan(15);
    expect(asked.map(({ series }) => series).filter((series) => !emitted.has(series))).toEqual([]);
  });

  it('shows everything that the module measures', () => {
    const shown = new Set(asked.map(({ series }) => series.replace(/_(bucket|count|sum)$/, '')));
    expect([...types.keys()].toSorted()).toEqual([...shown].toSorted());
    expect([...types.keys()].every((name) => name.startsWith('gatehouse_'))).toBe(true);
  });

  it('asks for rates of what only grows, and for nothing else', () => {
    for (const { expr } of expressions) {
      const rates = [...seriesOf(expr).matchAll(/rate\((\w+)/g)].map(([, series]) =>
        series!.replace(/_(bucket|count|sum)$/, ''),
      );
      const others = [...seriesOf(expr).matchAll(/(?<!rate)\((gatehouse_\w+)/g)].map(([, series]) => series!);
      expect(rates.filter((name) => !['counter', 'histogram'].includes(types.get(name)!))).toEqual([]);
      expect(others.filter((name) => types.get(name) !== 'gauge')).toEqual([]);
    }
  });

  it('groups, selects and names by labels that are there', () => {
    for (const { series, matchers, grouped, shown } of asked) {
      const labels = [...emitted.get(series)!.keys()];
      for (const label of [...matchers.map((matcher) => matcher.label), ...grouped]) expect(labels).toContain(label);
      // A legend that names what was summed away would be empty.
      for (const label of shown) expect(grouped).toContain(label);
    }
  });

  it('selects by values that there are', () => {
    const events = Object.keys(AUTH_EVENTS);
    for (const { series, matchers } of asked) {
      for (const { label, values } of matchers) {
        const known =
          label === 'gatehouse_event' ? events : [...(emitted.get(series)!.get(label) ?? []), '', 'observed'];
        expect(values.filter((value) => !known.includes(value))).toEqual([]);
      }
    }
  });

  it('has panels that do not lie on each other', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});

/** Every instrument measures something, and every label has a value. */
async function useEverything(): Promise<void> {
  const t = await createLimitedApp({
    limits: { loginTries: 2 },
    options: { hashing: { concurrency: 1, memoryKib: 19_456, timeCost: 2 } },
  });
  const email = 'ann@example.com';
  const { refresh_token } = await t.activeUser(email);
  await t.client.post('/auth/refresh', { refresh_token });
  const logIn = (password: string, index = 0) =>
    t.client.post('/auth/login', { email, password }, from(address(index)));
  await logIn(PASSWORD);
  await inParallel(4, (index) => logIn('wrong but long enough', index));
  await inParallel(8, (index) =>
    t.client.post('/auth/login', { email: `nobody-${index}@example.com`, password: PASSWORD }, from(address(9))),
  );
  await t.client.post('/auth/password-reset/request', { email });
  tokenIn(await t.mailbox.waitFor(email, 2));
  await t.mailIsDone();
  await t.mailbox.goDown();
  await t.client.post('/auth/signup', { email: 'unsent@example.com', password: PASSWORD });
  const storage = t.app.get(AuthThrottlerStorage);
  await storage.increment('key', 1000, 1, 0, 'short');
  await t.dataSource.query('ALTER TABLE auth_limits RENAME TO elsewhere');
  await storage.increment('key', 1000, 1, 0, 'short').catch(() => undefined);
  await t.dataSource.query('ALTER TABLE elsewhere RENAME TO auth_limits');
  await t.close();
  const broken = await createLimitedApp({ options: { limitStore: new Broken() } });
  await broken.client.post('/auth/login', { email, password: PASSWORD });
  await broken.close();
}
