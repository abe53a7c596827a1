import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { AuthModule, AuthService } from 'nestjs-gatehouse';
import { DataSource } from 'typeorm';
import { Caller, CALLER_SCHEMA, CallerSignupDto, CallerToken } from '../../support/users-with-phone.js';
import { ADDRESSES, KNOWN, OWN_PASSWORD, type TimedAppOptions } from './timed-people.js';

/**
 * The process that is measured: an application of mode A with the hash of production, without limits, on an empty database
 * that it fills with accounts in every state. Told what to be by the environment; says its address on the first line.
 */
const options = JSON.parse(process.env['TIMED_APP'] ?? '{}') as TimedAppOptions;

const module = {
  module: class TimedModule {},
  imports: [
    TypeOrmModule.forRoot({ ...options.database, entities: [Caller, CallerToken] } as TypeOrmModuleOptions),
    AuthModule.forRoot({
      userEntity: Caller,
      tokenEntity: CallerToken,
      signupDto: CallerSignupDto,
      mode: 'A',
      jwt: { secret: 'the fault scripts alone:Zr5WmTn7KdVb3HsYc9PgEa1U' },
      smtp: { host: '127.0.0.1', port: options.smtpPort, fromAddress: 'accounts@example.com' },
      limits: { mode: 'off' },
      ...(options.importedFloorMs && { hashing: { importedHashes: true, importedFloorMs: options.importedFloorMs } }),
      ...(options.uniformAnswerMs !== undefined && { uniformAnswerMs: options.uniformAnswerMs }),
    }),
  ],
};
const app = await NestFactory.create(module, { logger: false, abortOnError: false });
Logger.overrideLogger(false);
const dataSource = app.get<DataSource>(getDataSourceToken());
const runner = dataSource.createQueryRunner();
await CALLER_SCHEMA.createTables(runner);
await runner.release();
await populate(app.get(AuthService), dataSource);
if (options.withoutEqualiser) disableEqualisers(providersOf(app.get(ModulesContainer)), dataSource);
// Between two bursts a connection may be idle for longer than the usual five seconds.
(app.getHttpServer() as Server).keepAliveTimeout = 120_000;
await app.listen(0, '127.0.0.1');
console.log(await app.getUrl());
// Whoever started this process holds its standard input open, and is gone when that ends.
process.stdin.on('end', () => process.exit(0)).resume();

async function populate(auth: AuthService, { manager }: DataSource): Promise<void> {
  const users = manager.getRepository(Caller);
  const { pending, elsewhere, mover, ...others } = ADDRESSES;
  for (const email of [...Object.values(others), mover, 'second-mover@example.com']) {
    await auth.createAccount({ email, password: OWN_PASSWORD });
  }
  for (let index = 0; index < options.known; index++) {
    await auth.createAccount({ email: KNOWN(index), password: OWN_PASSWORD });
  }
  await auth.signup({ email: pending, password: OWN_PASSWORD });
  const { id } = await users.findOneByOrFail({ email: 'second-mover@example.com' });
  await auth.requestEmailChange(id, elsewhere, OWN_PASSWORD);
  await users.update({ email: others.deactivated }, { isActive: false, emailVerifiedAt: new Date(0) });
  await users.update({ email: others.passwordless }, { passwordHash: '!' });
  await users.softDelete({ email: others.deleted });
  const [bcrypt, argon2i] = options.importedHashes;
  await users.update({ email: others.bcrypt }, { passwordHash: bcrypt });
  await users.update({ email: others.argon2i }, { passwordHash: argon2i });
}

/**
 * The positive control: what is to make times equal is taken out of the running application. Nobody is compared with a
 * stand-in, no answer waits for a clock, and one that owes a mail waits until that is sent, as without an outbox.
 */
function disableEqualisers(providers: ReadonlyMap<string, object>, { manager }: DataSource): void {
  const hasher = providers.get('PasswordHasher') as Hasher;
  const verify = hasher.verify.bind(hasher);
  hasher.verify = async (stored, typed) => stored !== undefined && verify(stored, typed);
  const owed = manager.createQueryBuilder(CallerToken, 'token').where('token.mailDueAt IS NOT NULL');
  (providers.get('UniformAnswer') as Clocked).after = async (work) => {
    const result = await work();
    while ((await owed.getCount()) > 0) await pause(1);
    return result;
  };
}

interface Hasher {
  verify(stored: string | undefined, typed: string): Promise<boolean>;
}

interface Clocked {
  after<T>(work: () => Promise<T>): Promise<T>;
}

/** By the names of their classes, which the package does not export. */
function providersOf(container: ModulesContainer): ReadonlyMap<string, object> {
  const all = new Map<string, object>();
  for (const { providers } of container.values()) {
    for (const { name, instance } of providers.values()) all.set(String(name), instance as object);
  }
  return all;
}
