import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MailLane } from '../../lib/engine/mail/mail-lane.js';

const MOST_SLOW = 4;

function carryUntilFull(lane: MailLane, ends: (() => void)[]): number {
  let started = 0;
  for (; lane.room > 0; started++) void lane.carry(() => new Promise<void>((resolve) => ends.push(resolve)));
  return started;
}

describe('a lane of mails on their way', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('has ten places, and some more for those that have become slow', async () => {
    const onRoom = vi.fn<() => void>();
    const lane = new MailLane(MOST_SLOW, onRoom);
    const ends: (() => void)[] = [];
    expect(carryUntilFull(lane, ends)).toBe(10);
    vi.advanceTimersByTime(1_999);
    expect([lane.room, onRoom.mock.calls.length]).toEqual([0, 0]);
    vi.advanceTimersByTime(1);
    expect(onRoom).toHaveBeenCalledTimes(10);
    expect(carryUntilFull(lane, ends)).toBe(MOST_SLOW);
    vi.advanceTimersByTime(60_000);
    expect(lane.room).toBe(0);
    for (const end of ends) end();
    await turn();
    expect(lane.room).toBe(10);
  });
});
