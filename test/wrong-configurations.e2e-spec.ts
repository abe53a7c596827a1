import { performance } from 'node:perf_hooks';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, AuthStartUpError } from 'nestjs-gatehouse';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogLines } from './support/test-app.js';
import { User, UserToken } from './support/users-plain.js';
import { PRODUCTION_ENV, SECRET, WRONG_VARIABLES } from './support/wrong-variables.js';

const LONGEST_START_MS = 5000;

/** Starts an application that is configured by its environment alone; what it logged, or why it does not start. */
async function start(): Promise<{ logs: string; error?: AuthStartUpError }> {
  const logs = new LogLines();
  const entities = [User, UserToken];
  const database = TypeOrmModule.forRoot({ type: 'better-sqlite3', database: ':memory:', entities, retryAttempts: 0 });
  const auth = AuthModule.forRoot({ userEntity: User, tokenEntity: UserToken });
  const module = Test.createTestingModule({
    imports: [database, auth],
  });
  try {
    await (await module.setLogger(logs).compile()).close();
    return { logs: logs.lines.join('\n') };
  } catch (error) {
    if (!(error instanceof AuthStartUpError)) throw error;
    return { logs: logs.lines.join('\n'), error };
  }
}

describe('an application with a wrong configuration', () => {
  beforeEach(() => Object.entries(PRODUCTION_ENV).forEach(([name, value]) => vi.stubEnv(name, value)));
  afterEach(() => vi.unstubAllEnvs());

  it('starts without it', async () => {
    const { error, logs } = await start();
    expect(error).toBeUndefined();
    expect(logs).toContain('mode=A');
    expect(logs).not.toContain('nothing in this module reads');
  });

  it(`is one of more than a hundred`, () => {
    expect(new Set(WRONG_VARIABLES.map(String)).size).toBe(WRONG_VARIABLES.length);
    expect(WRONG_VARIABLES.length).toBeGreaterThan(100);
  });

  it.each(WRONG_VARIABLES)('%s=%j is refused at once, by the name of %s', async (variable, value, path, production) => {
    vi.stubEnv(variable, value);
    if (production) vi.stubEnv('NODE_ENV', 'production');
    const began = performance.now();
    const { error, logs } = await start();
    expect(performance.now() - began).toBeLessThan(LONGEST_START_MS);
    expect(new Set(error?.problems.map((problem) => problem.path))).toEqual(new Set([path]));
    // Short values are ordinary words and digits of the advice.
    const shown = [error?.message, error?.stack, logs].join('\n');
    expect(value.length > 5 && shown.includes(value)).toBe(false);
  });

  it('names what a misspelt variable may mean, and lets the application have variables of its own', async () => {
    vi.stubEnv('AUTH_ACTIVATION_CONFIM', 'true');
    expect((await start()).error?.message).toContain('Write AUTH_ACTIVATION_CONFIRM, if that is what was meant');
    vi.stubEnv('AUTH_ACTIVATION_CONFIRM', 'true');
    vi.stubEnv('SMTP_USER', 'the-user-of-another-program');
    vi.stubEnv('SMTP_PASS', 'the-password-of-another-program');
    vi.stubEnv('AUTH_CODE', 'a-word-of-the-application');
    vi.stubEnv('AUTH_SERVICE_URL', 'https://auth.example.com');
    const { error, logs } = await start();
    expect(error).toBeUndefined();
    const lines = logs.split('\n').filter((line) => line.startsWith('nothing in this module reads'));
    expect(lines).toHaveLength(1);
    for (const part of [
      'SMTP_USER (is SMTP_USERNAME meant?)',
      'SMTP_PASS (is SMTP_PASSWORD meant?)',
      'AUTH_ACTIVATION_CONFIM (is AUTH_ACTIVATION_CONFIRM meant?)',
      'AUTH_SERVICE_URL',
      'AUTH_CODE',
    ]) {
      expect(lines[0]).toContain(part);
    }
    expect(logs).not.toMatch(/of-another-program|of-the-application|auth\.example\.com/);
  });

  it('keeps what was made with a pepper that must go', async () => {
    vi.stubEnv('AUTH_PASSWORD_PEPPER', SECRET);
    const { error } = await start();
    expect(error?.message).toContain('list this one in hashing.previousPeppers (AUTH_PASSWORD_PREVIOUS_PEPPERS)');
    vi.stubEnv('AUTH_PASSWORD_PEPPER', 'u2Yx7Cv4Nb9Mq1Lk6Jh3Gf8Ds5Ap0ZoWi');
    // One that would be refused today still verifies the hashes that were made with it.
    vi.stubEnv('AUTH_PASSWORD_PREVIOUS_PEPPERS', `${SECRET},abcdefghijklmnopqrstuvwxyz0123456789`);
    expect((await start()).error).toBeUndefined();
  });

  it('has a password of the mail server for its secret', async () => {
    vi.stubEnv('SMTP_USERNAME', 'mailer');
    vi.stubEnv('SMTP_PASSWORD', SECRET);
    expect((await start()).error?.problems.map(({ path }) => path)).toEqual(['smtp.password']);
  });
});
