import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { hash as argon2 } from 'argon2';
import { hash as bcrypt } from '@node-rs/bcrypt';
import type { DataSourceOptions } from 'typeorm';
import { connectToServer, type DatabaseKind, driverOf, serverUrl } from '../../support/database-servers.js';
import { type MailWeather, startMailSink } from './mail-sink.js';
import type { TimedAppOptions } from './timed-people.js';

const START_MS = 120_000;

/** A measured process, on a database of its own, beside a mail server in some weather. */
export interface TimedServer {
  readonly origin: string;
  stop(): Promise<void>;
}

export interface TimedServerOptions extends Pick<
  TimedAppOptions,
  'known' | 'uniformAnswerMs' | 'importedFloorMs' | 'withoutEqualiser'
> {
  kind: DatabaseKind;
  mail?: MailWeather;
}

/** The databases that can be reached here. */
export async function reachable(kinds: readonly DatabaseKind[]): Promise<DatabaseKind[]> {
  const found = await Promise.all(
    kinds.map((kind) =>
      connectToServer(kind).then(
        async (server) => (await server.destroy(), true),
        () => false,
      ),
    ),
  );
  return kinds.filter((_, index) => found[index]);
}

export async function startTimedServer({ kind, mail = 'well', ...rest }: TimedServerOptions): Promise<TimedServer> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const database = await createDatabase(kind);
    undo.push(database.drop);
    const sink = await startMailSink(mail);
    undo.push(sink.stop);
    const options: TimedAppOptions = {
      ...rest,
      database: database.options,
      smtpPort: sink.port,
      importedHashes: [
        // What most systems have made these ten years, and takes less than the clock.
        await bcrypt('a password of before', 10),
        await argon2('a password of before', { type: 1, memoryCost: 4096, timeCost: 3, parallelism: 1 }),
      ],
    };
    const { origin, end } = await startProcess(options);
    undo.push(end);
    return { origin, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startProcess(options: TimedAppOptions): Promise<{ origin: string; end: () => Promise<void> }> {
  const script = new URL('timed-app.js', import.meta.url);
  const child = spawn(process.execPath, [script.pathname], {
    env: { ...process.env, NODE_ENV: 'test', TIMED_APP: JSON.stringify(options) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const end = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const lines = createInterface({ input: child.stdout });
  const started = once(lines, 'line', { signal: AbortSignal.timeout(START_MS) }) as Promise<[string]>;
  const gone = exited.then((): [string] => ['']);
  try {
    const [origin] = await Promise.race([started, gone]);
    if (!origin) throw new Error('the measured process ended before it listened');
    return { origin, end };
  } catch (error) {
    await end();
    throw error;
  }
}

interface OwnDatabase {
  options: DataSourceOptions;
  drop: () => Promise<void>;
}

async function createDatabase(kind: DatabaseKind): Promise<OwnDatabase> {
  if (kind === 'sqlite') {
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-'));
    const database = join(folder, 'test.sqlite');
    return {
      options: { type: 'better-sqlite3', database, enableWAL: true },
      drop: () => rm(folder, { recursive: true, force: true }),
    };
  }
  const name = `gatehouse_${randomBytes(6).toString('hex')}`;
  await runOn(kind, `CREATE DATABASE ${name}`);
  const url = serverUrl(kind);
  url.pathname = `/${name}`;
  return {
    options: { type: driverOf(kind), url: url.href } as DataSourceOptions,
    drop: () => runOn(kind, `DROP DATABASE IF EXISTS ${name}${kind === 'postgres' ? ' WITH (FORCE)' : ''}`),
  };
}

async function runOn(kind: DatabaseKind, statement: string): Promise<void> {
  const server = await connectToServer(kind);
  try {
    await server.query(statement);
  } finally {
    await server.destroy();
  }
}
