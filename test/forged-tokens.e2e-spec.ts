import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inParallel } from './support/client.js';
import { forgeriesOf } from './support/forged-tokens.js';
import { CLAIMS, createGuardApp, SECRET } from './support/guard-app.js';
import { forgeJwt } from './support/jwt.js';
import { createTestApp } from './support/test-app.js';

const FORGERIES = 2_000;
const AT_ONCE = 20;
const TIMEOUT_MS = 120_000;

/** How many of the forgeries got each status. */
async function outcomes(
  genuine: string,
  statusOf: (token: string) => Promise<number>,
): Promise<Record<number, number>> {
  const forgeries = fc.sample(forgeriesOf(genuine), FORGERIES);
  const counts: Record<number, number> = {};
  for (let start = 0; start < FORGERIES; start += AT_ONCE)
    await inParallel(AT_ONCE, async (index) => {
      const status = await statusOf(forgeries[start + index]!);
      counts[status] = (counts[status] ?? 0) + 1;
    });
  return counts;
}

describe(`${FORGERIES} forged and mutated tokens`, { timeout: TIMEOUT_MS }, () => {
  it('open nothing at level none, and break nothing', async () => {
    const t = await createGuardApp({ secret: SECRET });
    const exp = Math.floor(Date.now() / 1000) + 600;
    const genuine = forgeJwt({ alg: 'HS256', typ: 'at+jwt', kid: 'one' }, { ...CLAIMS, exp }, SECRET);
    const knock = async (bearer: string) => (await t.client.get('/own/claims', { bearer })).status;
    expect(await outcomes(genuine, knock)).toEqual({ 401: FORGERIES });
    expect(await knock(genuine)).toBe(200);
    await t.app.close();
  });

  it('open nothing at level complete, and break nothing', async () => {
    const t = await createTestApp();
    const { access_token: genuine } = await t.activeUser('forged@example.com');
    const knock = async (bearer: string) => (await t.client.get('/auth/me', { bearer })).status;
    expect(await outcomes(genuine, knock)).toEqual({ 401: FORGERIES });
    expect(await knock(genuine)).toBe(200);
    await t.close();
  });
});
