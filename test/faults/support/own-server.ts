import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { freePort } from '../../support/free-port.js';
import { createDatabase, type TestDatabase } from '../../support/new-database.js';

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 60_000;

/**
 * How a server goes: `fast` as an administrator stops it, connections cut and everything on disk; `crash` at once,
 * so that the next start has to recover.
 */
export type Going = 'fast' | 'crash';

/** What a server of one kind is started and stopped by. */
interface Program {
  command: string;
  args: string[];
  signals: Record<Going, NodeJS.Signals>;
  isReady(): Promise<unknown>;
}

/** A server of a script's own, on a free port of 127.0.0.1 and in a folder that is gone after {@link OwnServer.dispose}. */
export class OwnServer {
  private child?: ChildProcess;
  private output = '';
  private readonly killNow = (): void => void this.child?.kill(this.program.signals.crash);

  private constructor(
    readonly url: URL,
    private readonly folder: string,
    private readonly user: { uid: number; gid: number } | undefined,
    private readonly program: Program,
  ) {
    process.once('exit', this.killNow);
  }

  static postgres(): Promise<OwnServer> {
    return OwnServer.launch('postgres', (folder, port, url, user) => {
      const [initdb, postgres] = [postgresProgram('initdb'), postgresProgram('postgres')];
      const init = ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
      execFileSync(initdb, init, { ...user, cwd: folder, stdio: 'pipe' });
      return {
        command: postgres,
        args: ['-D', folder, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1'],
        signals: { fast: 'SIGINT', crash: 'SIGQUIT' },
        isReady: () => connectOnce({ type: 'postgres', url, connectTimeoutMS: 10_000 }),
      };
    });
  }

  static mariadb(): Promise<OwnServer> {
    return OwnServer.launch('mysql', (folder, port, url, user) => {
      const init = ['--no-defaults', `--datadir=${folder}`, '--auth-root-authentication-method=normal'];
      execFileSync('mariadb-install-db', [...init, '--skip-test-db'], { ...user, cwd: folder, stdio: 'pipe' });
      const where = [`--datadir=${folder}`, `--socket=${join(folder, 'socket')}`, `--pid-file=${join(folder, 'pid')}`];
      return {
        command: existsSync('/usr/sbin/mariadbd') ? '/usr/sbin/mariadbd' : 'mariadbd',
        args: [
          '--no-defaults',
          ...where,
          `--port=${port}`,
          '--bind-address=127.0.0.1',
          '--innodb-buffer-pool-size=64M',
        ],
        signals: { fast: 'SIGTERM', crash: 'SIGKILL' },
        isReady: () => connectOnce({ type: 'mariadb', url, connectTimeout: 10_000 }),
      };
    });
  }

  /**
   * Forgets everything whenever it goes, as a cache does.
   * @param remembers true for one that has each write on disk before it answers
   */
  static redis(remembers = false): Promise<OwnServer> {
    const kept = remembers ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
    return OwnServer.launch('redis', (folder, port, url) => ({
      command: 'redis-server',
      args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...kept],
      signals: { fast: 'SIGTERM', crash: 'SIGKILL' },
      isReady: async () => {
        const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
        redis.on('error', () => undefined);
        await redis.connect();
        redis.disconnect();
      },
    }));
  }

  /** Starts it, again on the same port and with what it had, and waits until it answers. */
  async start(): Promise<void> {
    if (this.child) throw new Error('the server runs already');
    const { command, args, isReady } = this.program;
    this.output = '';
    const child = spawn(command, args, { ...this.user, cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    child.once('error', (error) => (this.output += String(error)));
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (this.output += String(chunk)));
    const end = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      try {
        await isReady();
        return;
      } catch (error) {
        if (child.exitCode !== null || child.signalCode !== null || Date.now() > end) {
          throw new Error(`${command} does not answer:\n${this.output}`, { cause: error });
        }
        await delay(100);
      }
    }
  }

  /** Makes it go, and waits until it is gone. */
  async stop(going: Going = 'fast'): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(this.program.signals[going]);
    const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(impatience);
  }

  /**
   * Makes it go and starts it again.
   * @param awayMs how long it is away in between, in milliseconds
   */
  async restart(going: Going = 'fast', awayMs = 0): Promise<void> {
    await this.stop(going);
    await delay(awayMs);
    await this.start();
  }

  /** An empty database on it; it goes with the server. */
  createDatabase(): Promise<TestDatabase> {
    return createDatabase(this.url.protocol === 'postgres:' ? 'postgres' : 'mariadb', this.url);
  }

  /** Ends it and removes what it wrote. */
  async dispose(): Promise<void> {
    process.off('exit', this.killNow);
    await this.stop('crash');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private static async launch(
    kind: 'postgres' | 'mysql' | 'redis',
    prepare: (folder: string, port: number, url: string, user: OwnServer['user']) => Program,
  ): Promise<OwnServer> {
    const folder = mkdtempSync(join(tmpdir(), `gatehouse-${kind}-`));
    const user = accountOf(kind);
    if (user) chownSync(folder, user.uid, user.gid);
    const port = await freePort();
    const url = new URL(URLS[kind].replace('PORT', String(port)));
    const server = new OwnServer(url, folder, user, prepare(folder, port, url.href, user));
    try {
      await server.start();
    } catch (error) {
      await server.dispose();
      throw error;
    }
    return server;
  }
}

const URLS = {
  postgres: 'postgres://postgres@127.0.0.1:PORT/postgres',
  mysql: 'mariadb://root@127.0.0.1:PORT/mysql',
  redis: 'redis://127.0.0.1:PORT',
};

/** PostgreSQL refuses to run as root, and MariaDB should not. */
function accountOf(name: 'postgres' | 'mysql' | 'redis'): OwnServer['user'] {
  if (name === 'redis' || process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Debian keeps the programs of each version in a folder of its own, which is in nobody's path. */
function postgresProgram(name: string): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (!found) throw new Error(`${name} is not installed: install the server of PostgreSQL`);
  return found;
}

async function connectOnce(options: ConstructorParameters<typeof DataSource>[0]): Promise<void> {
  const server = await new DataSource(options).initialize();
  await server.destroy();
}
