import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  HttpCode,
  Injectable,
  Module,
  type OnModuleInit,
  Post,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { ModuleRef, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { bearerToken } from '../lib/platform/http/bearer.js';
import { AuthModule, Authenticated } from '../lib/index.js';
import { PasswordHasher } from '../lib/engine/passwords/password-hasher.js';
import { SessionTokens } from '../lib/engine/tokens/session-tokens.js';
import { HASHING, PASSWORD } from './database.js';
import { AuthLimit, User, UserToken } from './entities.js';

/** The application under test, as a process of its own: an ordinary Nest application with three routes to compare. */
export interface ServerOptions {
  adapter: 'express' | 'fastify';
  database: DataSourceOptions;
  /** The stored hash that the hash-only route verifies. */
  phc: string;
  /** Hashes at once; 0 is the default of the module. */
  hashConcurrency: number;
  sessionCacheSeconds: number;
  /** Counts tries in the database. */
  countsTries: boolean;
}

const options = JSON.parse(process.argv[2]!) as ServerOptions;

/** What a stateless application would use: signature and claims, no look at the session. */
@Injectable()
class JwtOnlyGuard implements CanActivate, OnModuleInit {
  private sessionTokens!: SessionTokens;

  constructor(private readonly moduleRef: ModuleRef) {}

  onModuleInit() {
    // The module keeps its tokens and its hasher to itself; compared is what it uses itself.
    this.sessionTokens = this.moduleRef.get(SessionTokens, { strict: false });
  }

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
    const token = bearerToken(headers.authorization);
    if (token && this.sessionTokens.verifyAccess(token)) return true;
    throw new UnauthorizedException();
  }
}

@Controller('bench')
class BenchController implements OnModuleInit {
  private hasher!: PasswordHasher;

  constructor(private readonly moduleRef: ModuleRef) {}

  onModuleInit() {
    // Through the same limiter as a login.
    this.hasher = this.moduleRef.get(PasswordHasher, { strict: false });
  }

  @Post('hash-only')
  @HttpCode(200)
  async hashOnly() {
    return { ok: await this.hasher.verify(options.phc, PASSWORD) };
  }

  @Get('jwt-only')
  @UseGuards(JwtOnlyGuard)
  jwtOnly() {
    return { ok: true };
  }

  @Get('guarded')
  @Authenticated()
  guarded() {
    return { ok: true };
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({ ...options.database, entities: [User, UserToken, AuthLimit], retryAttempts: 0 }),
    AuthModule.forRoot({
      userEntity: User,
      tokenEntity: UserToken,
      mode: 'D',
      jwt: { secret: 'benchmark-only:4kT9wQz1Lr7XcVn2MhYs5PdGb8JfUa3E' },
      hashing: { ...HASHING, concurrency: options.hashConcurrency },
      sessionCheck: { cacheSeconds: options.sessionCacheSeconds },
      // More in flight from one address than may fail there in an hour.
      ...(options.countsTries && { limitEntity: AuthLimit, limits: { mode: 'on', loginPerAddress: 500 } }),
    }),
  ],
  controllers: [BenchController],
})
class BenchModule {}

const adapter = options.adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(BenchModule, adapter, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
process.once('disconnect', () => process.exit());
process.send!({ port: Number(new URL(await app.getUrl()).port) });
