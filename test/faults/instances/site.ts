import { DataSource, type DataSourceOptions } from 'typeorm';
import type { Answer } from '../../support/client.js';
import { Mailbox, tokenIn } from '../../support/mailbox.js';
import { createDatabase } from '../../support/new-database.js';
import { Fleet } from '../support/fleet.js';

export const PASSWORD = 'a long and winding passphrase';
export const NAMES = { postgres: 'PostgreSQL', mariadb: 'MariaDB' };

export interface Tokens {
  access_token: string;
  refresh_token: string;
}

/** Several instances, what they share, and accounts on it. */
export class Site {
  private last = 0;

  private constructor(
    readonly kind: keyof typeof NAMES,
    readonly mailbox: Mailbox,
    readonly source: DataSource,
    readonly fleet: Fleet,
  ) {}

  /** Gives `use` an empty database of the tests' server, with one instance on it, and removes all of it. */
  static async with<T>(
    kind: keyof typeof NAMES,
    env: Record<string, string>,
    use: (site: Site) => Promise<T>,
  ): Promise<T> {
    const database = await createDatabase(kind);
    const mailbox = await new Mailbox().goUp();
    const fleet = new Fleet(database, mailbox, env);
    const source = new DataSource({ ...database.options, poolSize: 2 } as DataSourceOptions);
    try {
      await fleet.grow(1);
      await source.initialize();
      return await use(new Site(kind, mailbox, source, fleet));
    } finally {
      await fleet.stop();
      if (source.isInitialized) await source.destroy();
      await mailbox.goDown();
      await database.drop();
    }
  }

  newEmail(what: string): string {
    return `${what}-${++this.last}@example.com`;
  }

  /** The only number that a query answers. */
  async count(query: string): Promise<number> {
    const [row] = await this.source.query<Record<string, string | number>[]>(query);
    return Number(Object.values(row!)[0]);
  }

  async idOf(email: string): Promise<string> {
    const [row] = await this.source.query<{ id: string }[]>(`SELECT id FROM users WHERE email = '${email}'`);
    return row!.id;
  }

  /** Rows of that purpose which an account has. */
  async rows(email: string, purpose: string, more = '1 = 1'): Promise<number> {
    const whose = `user_id = '${await this.idOf(email)}' AND purpose = '${purpose}'`;
    return this.count(`SELECT count(*) FROM user_tokens WHERE ${whose} AND ${more}`);
  }

  async activationLink(email: string): Promise<string> {
    await this.expect(201, this.fleet.next.post('/auth/signup', { email, password: PASSWORD }));
    return tokenIn(await this.mailbox.waitFor(email));
  }

  async activeUser(email: string): Promise<Tokens> {
    const token = await this.activationLink(email);
    return (await this.expect(200, this.fleet.next.post('/auth/activate', { token }))).body as Tokens;
  }

  login(email: string, password: string, client = this.fleet.next): Promise<Answer> {
    return client.post('/auth/login', { email, password });
  }

  /** What must go well for the rest to mean anything. */
  async ok(answer: Promise<Answer>): Promise<Answer> {
    const got = await answer;
    if (got.status >= 300) throw new Error(`${got.status}: ${got.text}`);
    return got;
  }

  /** What must be answered so. */
  async expect(status: number, answer: Promise<Answer>): Promise<Answer> {
    const got = await answer;
    if (got.status !== status) throw new Error(`${got.status} in place of ${status}: ${got.text}`);
    return got;
  }
}
