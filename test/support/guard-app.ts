import { Controller, Get, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  type AccessClaims,
  Authenticated,
  AuthModule,
  Clock,
  CurrentSession,
  CurrentUser,
  OptionalAuth,
  type Principal,
  type RuntimeOptions,
  Verified,
} from 'nestjs-gatehouse';
import { Client } from './client.js';
import { LogLines } from './test-app.js';
import { TestClock } from './test-clock.js';

/** What the issuer and the application of {@link createGuardApp} share. */
export const SECRET = 'shared-with-the-issuer:6nB3vC8xZ1mK5jH9gF2dS7aQ0wE4rT';
/** Claims of a token that the issuer made for this application. */
export const CLAIMS = {
  sub: 'auth0|42',
  iss: 'https://issuer.example.com/',
  aud: 'orders',
  name: 'Ada',
  email_verified: true,
};
/** The options that expect them. */
export const EXPECTED = { issuer: CLAIMS.iss, audience: CLAIMS.aud };

/** What {@link GuardApp.knock} gives for a token that is refused, and for one that opens the route. */
export const REFUSED = [401, 'ACCESS_INVALID_TOKEN'];
export const LET_IN = [200, undefined];

@Controller('own')
class OwnController {
  @Authenticated()
  @Get('claims')
  claims(@CurrentUser() claims: AccessClaims, @CurrentSession() { userId, sessionId }: Principal<AccessClaims>) {
    return { claims, userId, hasSession: sessionId !== undefined };
  }

  @Verified()
  @Get('verified')
  verified() {
    return { ok: true };
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser() claims?: AccessClaims) {
    return { sub: claims?.sub ?? null };
  }
}

/** An application without a database, whose guard is all it has of the module. */
export interface GuardApp {
  app: INestApplication;
  client: Client;
  clock: TestClock;
  logs: LogLines;
  /** Status and code of a request with that token. */
  knock(bearer: string): Promise<[number, string | undefined]>;
}

/** Starts one at level none. */
export async function createGuardApp(
  jwt: RuntimeOptions['jwt'],
  adapter: 'express' | 'fastify' = 'express',
): Promise<GuardApp> {
  const clock = new TestClock();
  const logs = new LogLines();
  const module = await Test.createTestingModule({
    imports: [AuthModule.forRoot({ level: 'none', jwt: { ...EXPECTED, ...jwt } })],
    controllers: [OwnController],
  })
    .setLogger(logs)
    .overrideProvider(Clock)
    .useValue(clock)
    .compile();
  const app = module.createNestApplication(adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter(), {
    logger: logs,
  });
  await app.listen(0, '127.0.0.1');
  const client = new Client(await app.getUrl());
  const knock = async (bearer: string): Promise<[number, string | undefined]> => {
    const { status, body } = await client.get('/own/claims', { bearer });
    return [status, body.code];
  };
  return { app, client, clock, logs, knock };
}
