import { describe, expect, it } from 'vitest';
import { createTestApp, PASSWORD } from './support/test-app.js';
import { availableDatabases } from './support/databases.js';
import { tokenIn } from './support/mailbox.js';

describe.each(availableDatabases())('on %s', (database) => {
  describe.each(['express', 'fastify'] as const)('with %s', (adapter) => {
    it('signs up, activates, logs in', async () => {
      const t = await createTestApp({ database, adapter });
      try {
        const s = await t.client.post('/auth/signup', { email: 'Ann@Example.com', password: PASSWORD, name: 'Ann' });
        expect([s.status, s.body]).toEqual([201, expect.anything()]);
        const mail = await t.mailbox.waitFor('ann@example.com');
        const a = await t.client.post(`/auth/activate/${tokenIn(mail)}`);
        expect([a.status, a.body]).toEqual([200, expect.anything()]);
        const l = await t.client.post('/auth/login', { email: 'ann@example.com', password: PASSWORD });
        expect([l.status, l.body]).toEqual([200, expect.anything()]);
        const me = await t.client.get('/auth/me', { bearer: l.body.access_token });
        expect([me.status, me.body]).toEqual([200, expect.objectContaining({ email: 'ann@example.com' })]);
        const r = await t.client.post('/auth/refresh', { refresh_token: l.body.refresh_token });
        expect([r.status, r.body]).toEqual([200, expect.anything()]);
        const r2 = await t.client.post('/auth/refresh', { refresh_token: l.body.refresh_token });
        expect(r2.body).toEqual(r.body);
        const q = await t.client.post('/auth/password-reset/request', { email: 'ann@example.com' });
        expect([q.status, q.body]).toEqual([202, expect.anything()]);
        const rm = await t.mailbox.waitFor('ann@example.com', 2);
        const c = await t.client.post('/auth/password-reset/confirm', {
          token: tokenIn(rm),
          new_password: 'another fine passphrase',
        });
        expect([c.status, c.body]).toEqual([200, expect.anything()]);
        expect((await t.client.get('/demo/protected', { bearer: l.body.access_token })).status).toBe(401);
        expect((await t.client.get('/demo/protected', { bearer: c.body.access_token })).status).toBe(200);
        expect((await t.client.post('/auth/logout', {}, { bearer: c.body.access_token })).status).toBe(204);
        expect((await t.client.get('/demo/protected', { bearer: c.body.access_token })).status).toBe(401);
        expect((await t.client.post('/auth/activation/resend', { email: 'ann@example.com' })).status).toBe(202);
      } finally {
        console.log(t.logs.lines.filter((l) => !/Mapped|initialized|Controller|dependencies/.test(l)).join('\n'));
        await t.close();
      }
    });
  });
});
