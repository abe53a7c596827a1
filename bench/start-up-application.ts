import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';

/** An application to be started: with this module, and as it would be without, which sends its mail itself. */
export type Application = 'bare' | 'gatehouse';

/** What one start took, since its process began. */
export interface StartUp {
  milliseconds: number;
  /** Resident set after a garbage collection, in MiB. */
  mebibytes: number;
}

const [application, options] = [process.argv[2] as Application, JSON.parse(process.argv[3]!) as DataSourceOptions];

const link = (name: string) => `https://app.example.com/${name}?token={token}`;

const SMTP = { host: '127.0.0.1', port: 1025 };

/** Loaded only where they are measured. */
const MODULES: Record<Application, () => Promise<{ entities: Type[]; modules: DynamicModule[] }>> = {
  bare: async () => {
    const { MailerModule } = await import('@nestjs-modules/mailer');
    const { Member } = await import('./bare-entity.js');
    return {
      entities: [Member],
      modules: [TypeOrmModule.forFeature([Member]), MailerModule.forRoot({ transport: SMTP })],
    };
  },
  gatehouse: async () => {
    // As it is published: one file.
    const { AuthModule } = await import('nestjs-gatehouse');
    const { User, UserToken } = await import('./package-entities.js');
    const module = AuthModule.forRoot({
      userEntity: User,
      tokenEntity: UserToken,
      mode: 'A',
      jwt: { secret: 'benchmark-only:4kT9wQz1Lr7XcVn2MhYs5PdGb8JfUa3E' },
      smtp: { ...SMTP, fromAddress: 'accounts@example.com' },
      activation: { urlTemplate: link('activate') },
      passwordReset: { urlTemplate: link('reset') },
      emailChange: { urlTemplate: link('email'), undoUrlTemplate: link('undo') },
    });
    return { entities: [User, UserToken], modules: [module] };
  },
};

const { entities, modules } = await MODULES[application]();

@Module({ imports: [TypeOrmModule.forRoot({ ...options, entities, retryAttempts: 0 }), ...modules] })
class StartUpModule {}

const app = await NestFactory.create(StartUpModule, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
// Counted from when the process began, so that loading every package is in it.
const milliseconds = performance.now();
globalThis.gc!();
process.send!({ milliseconds, mebibytes: process.memoryUsage.rss() / 2 ** 20 } satisfies StartUp);
process.once('disconnect', () => process.exit());
