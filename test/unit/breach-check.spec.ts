import { describe, expect, it } from 'vitest';
import { BreachCheck } from '../../lib/engine/passwords/breach-check.js';
import { BreachedPasswords } from '../../lib/engine/passwords/breached-passwords.js';
import { Clock } from '../../lib/platform/common/clock.js';
import type { AuthConfig } from '../../lib/platform/config/auth-config.js';

/** Answers nobody before it is told to. */
class Slow extends BreachedPasswords {
  underWay = 0;
  most = 0;
  open!: () => void;
  private readonly opened = new Promise<void>((resolve) => (this.open = resolve));

  override async includes(): Promise<boolean> {
    this.most = Math.max(this.most, ++this.underWay);
    await this.opened;
    this.underWay--;
    return true;
  }
}

describe('BreachCheck', () => {
  it('asks a bounded number of questions at once, lets some wait, and turns the rest away', async () => {
    const password = { breachCheck: true, breachCheckTimeoutMs: 10_000, breachCheckFallback: 'accept' };
    const slow = new Slow();
    const check = new BreachCheck({ password } as AuthConfig, slow, new Clock());
    const outcomes = Array.from({ length: 64 + 256 + 5 }, () => check.finds('tulip harbour piano'));
    // Those who are turned away are told at once, whatever becomes of the others.
    const away = await Promise.allSettled(outcomes.slice(-5));
    expect(away.map((each) => each.status === 'rejected' && (each.reason as { code: string }).code)).toEqual(
      Array(5).fill('SERVICE_BUSY'),
    );
    slow.open();
    expect(await Promise.all(outcomes.slice(0, -5))).toEqual(Array(64 + 256).fill(true));
    expect(slow.most).toBe(64);
  });
});
