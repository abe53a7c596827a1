import { setImmediate as nextTurn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DataSource, type EntityManager, QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AuthError } from '../../lib/platform/common/auth.errors.js';
import { dialectOf } from '../../lib/platform/data/dialect.js';
import {
  isForeignKeyViolation,
  isMissingReference,
  isTransient,
  isUnavailable,
  isUniqueViolation,
} from '../../lib/platform/data/store/database-errors.js';
import { Database } from '../../lib/platform/data/store/database.js';
import { LogLines } from '../support/test-app.js';

/** An error as a driver throws it. */
function driverError(code: string, message = 'the driver says so'): Error {
  return Object.assign(new Error(message), code && { code });
}

/** The same as TypeORM hands it on. */
function queryFailed(code: string): QueryFailedError {
  return new QueryFailedError('SELECT secret', ['parameter'], driverError(code, 'the driver quotes a parameter'));
}

const TRANSIENT = [
  ['PostgreSQL: serialization failure', '40001'],
  ['PostgreSQL: deadlock', '40P01'],
  ['PostgreSQL: lock not available', '55P03'],
  ['MariaDB: deadlock', 'ER_LOCK_DEADLOCK'],
  ['MariaDB: lock wait timeout', 'ER_LOCK_WAIT_TIMEOUT'],
  ['MariaDB: record changed since last read', 'ER_CHECKREAD'],
  ['SQLite: busy', 'SQLITE_BUSY'],
  ['SQLite: busy with a stale snapshot', 'SQLITE_BUSY_SNAPSHOT'],
  ['SQLite: table locked', 'SQLITE_LOCKED_SHAREDCACHE'],
];
const TAKEN = [
  ['PostgreSQL', '23505'],
  ['MariaDB', 'ER_DUP_ENTRY'],
  ['SQLite: unique index', 'SQLITE_CONSTRAINT_UNIQUE'],
  ['SQLite: primary key', 'SQLITE_CONSTRAINT_PRIMARYKEY'],
];
const UNAVAILABLE = [
  ['refused', 'ECONNREFUSED'],
  ['reset', 'ECONNRESET'],
  ['no such host', 'ENOTFOUND'],
  ['broken pipe', 'EPIPE'],
  ['PostgreSQL: connection failure', '08006'],
  ['PostgreSQL: too many connections', '53300'],
  ['PostgreSQL: shutting down', '57P01'],
  ['PostgreSQL: starting up', '57P03'],
  ['MariaDB: too many connections', 'ER_CON_COUNT_ERROR'],
  ['MariaDB: too many connections of one account', 'ER_USER_LIMIT_REACHED'],
  ['MariaDB: shutting down', 'ER_SERVER_SHUTDOWN'],
  ['MariaDB: connection lost', 'PROTOCOL_CONNECTION_LOST'],
  ['PostgreSQL: disk full', '53100'],
  ['PostgreSQL: a standby, which only reads', '25006'],
  ['MariaDB: disk full', 'ER_DISK_FULL'],
  ['MariaDB: tablespace full', 'ER_RECORD_FILE_FULL'],
  ['MariaDB: a replica, which only reads', 'ER_OPTION_PREVENTS_STATEMENT'],
  ['SQLite: cannot open the file', 'SQLITE_CANTOPEN'],
  ['SQLite: disk full', 'SQLITE_FULL'],
  ['SQLite: read-only file', 'SQLITE_READONLY_DBMOVED'],
  ['SQLite: disk error', 'SQLITE_IOERR_WRITE'],
];
const REFERRED_TO = [
  ['PostgreSQL', '23503'],
  ['PostgreSQL 18: ON DELETE RESTRICT', '23001'],
  ['MariaDB', 'ER_ROW_IS_REFERENCED_2'],
  ['MariaDB: no such user', 'ER_NO_REFERENCED_ROW_2'],
  ['SQLite', 'SQLITE_CONSTRAINT_FOREIGNKEY'],
  ['SQLite: ON DELETE RESTRICT, or a trigger', 'SQLITE_CONSTRAINT_TRIGGER'],
];
const NONE_OF_THEM = [
  ['PostgreSQL: syntax error', '42601'],
  ['MariaDB: no such table', 'ER_NO_SUCH_TABLE'],
  ['SQLite: not null', 'SQLITE_CONSTRAINT_NOTNULL'],
  ['no code', ''],
];

const KINDS = { isTransient, isUniqueViolation, isForeignKeyViolation, isUnavailable };

/** Which of the four kinds an error is. */
const kindsOf = (error: unknown): string[] => Object.entries(KINDS).flatMap(([name, is]) => (is(error) ? [name] : []));

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error,
  );

describe('an error of the database', () => {
  describe.each([
    ['from the driver', driverError],
    ['through TypeORM', queryFailed],
  ])('%s', (_, make) => {
    it.each(TRANSIENT)('is worth another try: %s', (_name, code) => {
      expect(kindsOf(make(code))).toEqual(['isTransient']);
    });
    it.each(TAKEN)('means that a unique value is taken: %s', (_name, code) => {
      expect(kindsOf(make(code))).toEqual(['isUniqueViolation']);
    });
    it.each(REFERRED_TO)('means that a foreign key is in the way: %s', (_name, code) => {
      expect(kindsOf(make(code))).toEqual(['isForeignKeyViolation']);
    });
    it.each(UNAVAILABLE)('means that the database is out of reach: %s', (_name, code) => {
      expect(kindsOf(make(code))).toEqual(['isUnavailable']);
    });
    it.each(NONE_OF_THEM)('is a defect and none of these: %s', (_name, code) => {
      expect(kindsOf(make(code))).toEqual([]);
    });
  });

  it.each([
    ['23503', true],
    ['ER_NO_REFERENCED_ROW_2', true],
    ['SQLITE_CONSTRAINT_FOREIGNKEY', true],
    ['ER_ROW_IS_REFERENCED_2', false],
    ['SQLITE_CONSTRAINT_TRIGGER', false],
  ])('with %s means that the row it refers to is gone: %s', (code, isGone) => {
    expect(isMissingReference(queryFailed(code))).toBe(isGone);
  });

  it.each([
    'Connection terminated unexpectedly',
    new QueryRunnerAlreadyReleasedError().message,
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
    'Cannot use a pool after calling end on the pool',
    'Pool is closed.',
    "Can't add new command when connection is in closed state",
    'Connection is not established with mysql database',
    'Driver not Connected',
  ])('means that the database is out of reach, where there is no code: %s', (message) => {
    expect(kindsOf(driverError('', message))).toEqual(['isUnavailable']);
  });

  it('is read by a code that is text only', () => {
    expect(kindsOf(Object.assign(new Error('odd'), { code: 40001 }))).toEqual([]);
  });

  it.each([undefined, null, 'SQLITE_BUSY', 0])('is no error of the database: %s', (thrown) => {
    expect(kindsOf(thrown)).toEqual([]);
  });
});

describe('dialectOf', () => {
  it('names the databases it knows where it meets another', () => {
    const dataSource = { options: { type: 'oracle' } } as unknown as DataSource;
    expect(() => dialectOf(dataSource)).toThrow(/'oracle'.*better-sqlite3, postgres.*mariadb, mysql/);
  });
});

describe('Database', () => {
  let dataSource: DataSource;
  let database: Database;
  let logs: LogLines;

  beforeAll(async () => {
    dataSource = await new DataSource({ type: 'better-sqlite3', database: ':memory:' }).initialize();
    await dataSource.query('CREATE TABLE notes (text TEXT)');
    database = new Database(dataSource);
  });
  beforeEach(async () => {
    await dataSource.query('DELETE FROM notes');
    logs = new LogLines();
    Logger.overrideLogger(logs);
  });
  afterAll(() => dataSource.destroy());

  /** Work that writes a note and then fails with each of the errors in turn, and succeeds when there are no more. */
  function failing(errors: unknown[]) {
    const work = { runs: 0, run: async (): Promise<string> => 'done' };
    work.run = async () => {
      work.runs++;
      await dataSource.query(`INSERT INTO notes VALUES ('run ${work.runs}')`);
      if (errors.length > 0) throw errors.shift();
      return 'done';
    };
    return work;
  }
  /** The operator learns code and statement, the client neither, and nobody a parameter. */
  function expectTold(error: unknown, code: string): void {
    expect(logs.lines).toEqual([expect.stringContaining(`${code} in SELECT secret`)]);
    expect(logs.lines.join()).not.toContain('parameter');
    expect(JSON.stringify((error as AuthError).getResponse())).not.toMatch(/secret|parameter/);
    expect((error as AuthError).cause).toBeUndefined();
  }
  const notes = async (): Promise<string[]> =>
    (await dataSource.query<{ text: string }[]>('SELECT text FROM notes')).map(({ text }) => text);

  describe.each(['read', 'write', 'transaction'] as const)('%s', (method) => {
    it.each([1, 2, 3])('runs again after %i transient failures, and gives the result', async (failures) => {
      const work = failing(Array.from({ length: failures }, () => queryFailed('40001')));
      await expect(database[method](work.run)).resolves.toBe('done');
      expect(work.runs).toBe(failures + 1);
    });

    it.each(['40P01', 'ER_LOCK_DEADLOCK'])('gives up after five retries with a 503: %s', async (code) => {
      const work = failing(Array.from({ length: 9 }, () => queryFailed(code)));
      const error = await failureOf(database[method](work.run));
      expect(error).toMatchObject({ code: 'SERVICE_BUSY', status: 503, retryAfterSeconds: 1 });
      expect(work.runs).toBe(6);
      expectTold(error, code);
    });

    it.each(['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_LOCKED'])(
      'runs again until the file is free, and gives up after some seconds with a 503: %s',
      async (code) => {
        const briefly = failing(Array.from({ length: 9 }, () => queryFailed(code)));
        await expect(database[method](briefly.run)).resolves.toBe('done');
        expect(briefly.runs).toBe(10);
        const forever = failing(Array.from({ length: 10_000 }, () => queryFailed(code)));
        const error = await failureOf(database[method](forever.run));
        expect(error).toMatchObject({ code: 'SERVICE_BUSY', status: 503, retryAfterSeconds: 1 });
        expectTold(error, code);
      },
    );

    it('does not try again where the database is out of reach: 503', async () => {
      const work = failing([queryFailed('57P01')]);
      const error = await failureOf(database[method](work.run));
      expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', status: 503, retryAfterSeconds: 1 });
      expect(work.runs).toBe(1);
      expectTold(error, '57P01');
    });

    it('does not try again where a statement is at fault: 500', async () => {
      const work = failing([queryFailed('42601')]);
      const error = await failureOf(database[method](work.run));
      expect(error).toMatchObject({ code: 'SERVICE_FAILED', status: 500 });
      expect(work.runs).toBe(1);
      expectTold(error, '42601');
    });

    it.each([queryFailed('23505'), new AuthError('ACTIVATION_INVALID_TOKEN'), new Error('a defect')])(
      'hands on what a flow must understand, as it is and without a line in the log: %s',
      async (error) => {
        const work = failing([error]);
        expect(await failureOf(database[method](work.run))).toBe(error);
        expect(work.runs).toBe(1);
        expect(logs.lines).toEqual([]);
      },
    );

    it('serves the next caller after a failure', async () => {
      await expect(database[method](failing([new Error('a defect')]).run)).rejects.toThrow('a defect');
      await expect(database[method](failing([]).run)).resolves.toBe('done');
    });
  });

  /** Work of which each run registers a call, and which fails with each of the errors in turn. */
  function registering(told: string[], errors: unknown[] = []) {
    const work = failing(errors);
    return (manager: EntityManager): Promise<string> => {
      database.afterCommit(manager, () => told.push(`after run ${work.runs}`));
      expect(told).toEqual([]);
      return work.run();
    };
  }
  describe.each(['write', 'transaction'] as const)('afterCommit of a %s', (method) => {
    it('calls when the work is done, and before the caller goes on', async () => {
      const told: string[] = [];
      await database[method](registering(told));
      expect(told).toEqual(['after run 1']);
    });

    it('calls once, however often the work was tried', async () => {
      const told: string[] = [];
      await database[method](registering(told, [queryFailed('40001'), queryFailed('SQLITE_BUSY')]));
      expect(told).toEqual(['after run 3']);
    });

    it('never calls where the work failed', async () => {
      const told: string[] = [];
      await expect(database[method](registering(told, [new Error('a defect')]))).rejects.toThrow('a defect');
      await expect(database[method](registering(told, [queryFailed('42601')]))).rejects.toThrow(AuthError);
      expect(told).toEqual([]);
    });

    it('does not take another caller for its own', async () => {
      const told: string[] = [];
      const results = await Promise.allSettled([
        database[method](registering([], [new Error('a defect')])),
        database[method](registering(told)),
      ]);
      expect([results.map(({ status }) => status), told]).toEqual([['rejected', 'fulfilled'], ['after run 1']]);
    });
  });

  it('leaves nothing of a transaction that failed: only what the last run wrote', async () => {
    const work = failing([queryFailed('SQLITE_BUSY'), queryFailed('SQLITE_BUSY')]);
    await database.transaction(work.run);
    expect(await notes()).toEqual(['run 3']);
    await expect(database.transaction(failing([new Error('a defect')]).run)).rejects.toThrow('a defect');
    expect(await notes()).toEqual(['run 3']);
  });

  it('waits for a transaction of the application, but not for ever: 503', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const runner = dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      const work = failing([]);
      const waiting = failureOf(database.write(work.run));
      for (let turn = 0; turn < 10; turn++) await nextTurn();
      vi.advanceTimersByTime(5_001);
      expect(await waiting).toMatchObject({ code: 'SERVICE_BUSY', status: 503 });
      expect(work.runs).toBe(0);
    } finally {
      await runner.rollbackTransaction();
      vi.useRealTimers();
    }
    await expect(database.write(failing([]).run)).resolves.toBe('done');
  });

  it('lets writes of one turn of the event loop in one after the other, transactions as a whole', async () => {
    const events: string[] = [];
    const step = (event: string) => async (): Promise<void> => {
      events.push(`${event} begins`);
      await dataSource.query('SELECT 1');
      await dataSource.query('SELECT 2');
      events.push(`${event} ends`);
    };
    await Promise.all([
      database.transaction(step('first')),
      database.write(step('second')),
      database.transaction(step('third')),
    ]);
    expect(events).toEqual(['first', 'second', 'third'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });
});
