import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { DatabaseKind } from '../../support/database-servers.js';
import { PASSWORD } from '../../support/password.js';
import type { CrowdProcess, Sample } from './crowd.js';
import { insertRows, orderedUuid, type Plain, userOf } from './many-rows.js';
import { type MeasuredSample, withSample } from './measured-sample.js';
import { onTables } from './tables.js';

/** What a cleanup under load did. */
export interface CleanedUp {
  /** What each login took while nothing was deleted, and while rows were, in milliseconds. */
  without: number[];
  during: number[];
  /** What each round took. */
  seconds: number[];
  /** Rows that should be gone. */
  left: number;
  /** Rows that should be there, and replays that were not noticed. */
  lost: number;
  /** Logins that were not let in. */
  refused: number;
}

const DAY_MS = 24 * 3600 * 1000;
/** The application looks for expired rows this often. */
const INTERVAL_SECONDS = 2;
const LOGINS_A_SECOND = 20;
const USERS = 500;
/** Of so many rows that stay, each after so many that go. */
const LIVE_EVERY = 20;
/** How long a round may take. */
const PATIENCE_MS = 180_000;

/** Rounds of logins without and with rows to delete, one after the other, so that both meet the same machine. */
export function cleanUp(
  kind: DatabaseKind,
  crowd: CrowdProcess,
  { rows, rounds }: { rows: number; rounds: number },
): Promise<CleanedUp> {
  // No grace: a token that was refreshed is a replay at once.
  const env = { AUTH_CLEANUP_INTERVAL_SECONDS: String(INTERVAL_SECONDS), JWT_REFRESH_GRACE_SECONDS: '0' };
  return withSample(kind, env, (measured) =>
    onTables(measured.database, (tables) => new Rounds(measured, tables, crowd, rows).run(rounds)),
  );
}

class Rounds {
  private readonly found: CleanedUp = { without: [], during: [], seconds: [], left: 0, lost: 0, refused: 0 };
  private readonly stays: string[] = [];

  constructor(
    private readonly measured: MeasuredSample,
    private readonly tables: DataSource,
    private readonly crowd: CrowdProcess,
    private readonly rows: number,
  ) {}

  async run(rounds: number): Promise<CleanedUp> {
    for (let index = 0; index < BUSY.length; index++) await this.measured.activeUser(BUSY[index]!);
    await insertRows(this.tables, 'users', USERS, (index) => userOf(orderedUuid(0, index), index));
    const spent = await this.spentToken();
    await this.logins(1);
    for (let round = 0; round < rounds; round++) {
      this.note(await this.logins(this.rows > 50_000 ? 15 : 2), this.found.without);
      await this.deleteUnderLoad();
    }
    this.found.lost += await this.missing();
    if (!(await this.isReplayNoticed(spent))) this.found.lost++;
    return this.found;
  }

  private async deleteUnderLoad(): Promise<void> {
    const at = Date.now();
    await insertRows(this.tables, 'user_tokens', this.rows, (index) => this.rowOf(at, index));
    const [first, last] = [orderedUuid(at, 0), orderedUuid(at, this.rows - 1)];
    const isGone = new AbortController();
    const samples: Sample[] = [];
    const load = (async () => {
      while (!isGone.signal.aborted) samples.push(...(await this.logins(2)));
    })();
    const [begun, ended] = await this.deletion(first, last);
    isGone.abort();
    await load;
    // A login that a statement of the cleanup may have held up.
    const isMeanwhile = ([sent, took]: Sample): boolean => sent + took >= begun && sent <= ended;
    this.note(samples.filter(isMeanwhile), this.found.during);
    this.found.seconds.push((ended - begun) / 1000);
    this.found.left += await this.expired(at);
  }

  /** Sessions that ended days ago, and between them what must stay. */
  private rowOf(at: number, index: number): Record<string, Plain> {
    const id = orderedUuid(at, index);
    const isLast = index === this.rows - 1;
    const stays = index % LIVE_EVERY === LIVE_EVERY - 1 && !isLast;
    if (stays) this.stays.push(id);
    const kind = stays ? ((index / LIVE_EVERY) % 3) | 0 : -1;
    return {
      id,
      user_id: orderedUuid(0, index % USERS),
      purpose: 'session',
      generation: index % 7,
      created_at: at - 10 * DAY_MS,
      // What lives, what was ended and is kept for a replay, what expired less than a day ago; the rest goes.
      expires_at: kind < 0 ? at - 3 * DAY_MS : kind === 2 ? at - DAY_MS / 2 : at + 7 * DAY_MS,
      revoked_at: kind === 1 ? at - DAY_MS : null,
      last_used_at: at - 4 * DAY_MS,
    };
  }

  /** When the first row went and when the last one did, in milliseconds since the epoch. */
  private async deletion(first: string, last: string): Promise<[number, number]> {
    const end = Date.now() + PATIENCE_MS;
    let begun = Date.now();
    for (;;) {
      const there: unknown[] = await this.tables.query(
        `SELECT 1 AS there FROM user_tokens WHERE id IN ('${first}', '${last}')`,
      );
      if (there.length === 2) begun = Date.now();
      if (there.length === 0) return [begun, Date.now()];
      if (Date.now() > end) throw new Error('the expired rows are not deleted');
      await delay(50);
    }
  }

  private logins(seconds: number): Promise<Sample[]> {
    const bodies = BUSY.map((email) => ({ email, password: PASSWORD }));
    const what = { method: 'POST', path: '/auth/login', from: ['127.0.0.1'], bodies } as const;
    return this.crowd.run({
      ...what,
      port: this.measured.port,
      connections: BUSY.length,
      perSecond: LOGINS_A_SECOND,
      seconds,
    });
  }

  private note(samples: readonly Sample[], into: number[]): void {
    for (const [, took, status] of samples) {
      into.push(took);
      if (status !== 200) this.found.refused++;
    }
  }

  private async expired(at: number): Promise<number> {
    const [row] = await this.tables.query<{ count: string | number }[]>(
      `SELECT COUNT(*) AS count FROM user_tokens WHERE expires_at < ${at - 2 * DAY_MS}`,
    );
    return Number(row!.count);
  }

  /** How many of the rows that had to stay are gone. */
  private async missing(): Promise<number> {
    const rows = await this.tables.query<{ id: string }[]>('SELECT id FROM user_tokens');
    const there = new Set(rows.map(({ id }) => id));
    return this.stays.filter((id) => !there.has(id)).length;
  }

  /** A refresh token that was used before; shown again, it is a replay. */
  private async spentToken(): Promise<{ spent: string; next: string }> {
    const { client } = this.measured.sample;
    const login = await client.post('/auth/login', { email: BUSY[0], password: PASSWORD });
    const spent = String(login.body.refresh_token);
    const { body } = await client.post('/auth/refresh', { refresh_token: spent });
    return { spent, next: String(body.refresh_token) };
  }

  private async isReplayNoticed({ spent, next }: { spent: string; next: string }): Promise<boolean> {
    const { client } = this.measured.sample;
    const replay = await client.post('/auth/refresh', { refresh_token: spent });
    const after = await client.post('/auth/refresh', { refresh_token: next });
    return replay.status === 401 && after.status === 401;
  }
}

/** Accounts that log in. */
const BUSY = Array.from({ length: 8 }, (_, index) => `busy-${index}@example.com`);
