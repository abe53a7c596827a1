import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cleanup } from '../lib/platform/data/store/cleanup.js';
import { availableDatabases } from './support/databases.js';
import { address, createLimitedApp, from } from './support/limited-app.js';
import { PASSWORD, type TestApp } from './support/test-app.js';

describe.each(availableDatabases())('the cleanup of a limit table on %s', (database) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createLimitedApp({ database });
  });
  afterAll(() => t.close());

  const keys = async () => {
    const rows = (await t.dataSource.query('SELECT id FROM auth_limits')) as { id: string }[];
    return rows.map(({ id }) => id.split(':', 1)[0]).toSorted();
  };

  it('deletes what nothing depends on any more, and nothing else', async () => {
    await t.client.post('/auth/login', { email: 'x@example.com', password: PASSWORD }, from(address(1)));
    expect(await keys()).toEqual(['login', 'login-address']);
    const cleanup = t.app.get(Cleanup, { strict: false });
    await cleanup.run();
    expect(await keys()).toEqual(['login', 'login-address']);
    // The hour of the network is over, the month of the account is not.
    t.clock.advance({ seconds: 3601 });
    await cleanup.run();
    expect(await keys()).toEqual(['login']);
    t.clock.advance({ seconds: 31 * 86_400 });
    await cleanup.run();
    expect(await keys()).toEqual([]);
  });
});
