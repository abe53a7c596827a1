import { ConflictException, Injectable } from '@nestjs/common';
import { AuthHooks } from 'nestjs-gatehouse';
import { expect, describe, it } from 'vitest';
import { availableDatabases } from './support/databases.js';
import { address, createLimitedApp, from } from './support/limited-app.js';
import { countUsers } from './support/rows.js';
import { PASSWORD } from './support/test-app.js';

/** Refuses inside the transaction of a signup, which is rolled back. */
@Injectable()
class Refusing extends AuthHooks {
  override afterSignup(): void {
    throw new ConflictException();
  }
}

// On SQLite everything shares one connection: a counter inside the transaction would vanish with it.
describe.each(availableDatabases())('what was counted on %s', (database) => {
  it('stays counted when the flow is rolled back', async () => {
    const t = await createLimitedApp({ database, options: { hooks: Refusing } });
    t.clock.stopAt(new Date());
    const body = { email: 'rolled-back@example.com', password: PASSWORD };
    const statuses: number[] = [];
    for (let tries = 0; tries < 6; tries++) {
      statuses.push((await t.client.post('/auth/signup', body, from(address(tries)))).status);
    }
    // The mailbox's last mail is kept for a reset; a signup too many is answered as ever, and writes nothing.
    expect(statuses).toEqual([409, 409, 409, 409, 201, 201]);
    expect(await countUsers(t)).toBe(0);
    await t.close();
  });
});
