import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  HttpCode,
  type INestApplication,
  Injectable,
  Module,
  Param,
  Post,
  type RawBodyRequest,
  Req,
  RequestMethod,
  UseFilters,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthError } from '../../lib/platform/common/auth.errors.js';
import { ENDPOINTS } from '../../lib/module/flows.js';
import { AUTH_CONFIG } from '../../lib/platform/config/auth-config.js';
import { AuthErrorFilter, errorHeaders } from '../../lib/platform/http/auth-error.filter.js';
import { Device } from '../../lib/platform/http/device.decorator.js';
import { CanonicalEmail } from '../../lib/platform/common/email.js';
import { Endpoint } from '../../lib/platform/http/endpoint.decorator.js';
import { InputGate } from '../../lib/platform/http/input-gate.js';
import { Input } from '../../lib/platform/http/input.decorator.js';
import { pathsOf } from '../../lib/platform/http/endpoint-paths.js';
import { mountControllers, plannedRoutes } from '../../lib/platform/http/mount-controller.js';
import { PLANNED_ROUTES } from '../../lib/platform/http/planned-routes.js';
import { Routes } from '../../lib/platform/http/routes.js';

class LoginDto {
  @CanonicalEmail()
  email!: string;

  @IsString()
  @MaxLength(1000)
  password!: string;
}

class ResetDto {
  @IsString()
  token!: string;

  @IsString()
  new_password!: string;
}

class LogoutDto {
  @IsOptional()
  @IsString()
  refresh_token?: string;
}

class NoteDto {
  @IsString()
  text!: string;
}

/** The routes of the module, as far as the gate needs them. */
@Controller()
@UseFilters(AuthErrorFilter)
class AccountController {
  @Endpoint(ENDPOINTS.login)
  login(@Input(LoginDto) dto: LoginDto): LoginDto {
    return dto;
  }

  @Endpoint(ENDPOINTS.logout)
  logout(@Input(LogoutDto) _dto: LogoutDto): void {}

  @Endpoint(ENDPOINTS.refresh)
  refresh(): never {
    throw new AuthError('SERVICE_BUSY', { retryAfterSeconds: 1.5 });
  }

  @Endpoint(ENDPOINTS.confirmPasswordReset)
  confirm(@Input(ResetDto) dto: ResetDto): ResetDto {
    return dto;
  }

  @Endpoint(ENDPOINTS.requestPasswordReset)
  requestReset(@Req() request: { body: unknown; headers: IncomingHttpHeaders }): unknown {
    return { body: request.body, contentType: request.headers['content-type'] };
  }

  @Endpoint(ENDPOINTS.activateByPath)
  activate(@Param('token') token: string, @Req() request: { body: unknown }): unknown {
    return { token, body: request.body };
  }

  @Endpoint(ENDPOINTS.me)
  me(@Device() device: Device): Device {
    return device;
  }
}

/** The routes of mode E. */
@Controller()
class PagesController {
  @Endpoint(ENDPOINTS.activationPage)
  activation(@Param('token') token: string): string {
    return `<p>${token.length}</p>`;
  }

  @Endpoint(ENDPOINTS.passwordResetForm)
  resetForm(@Req() request: { body: object }): unknown {
    return { body: request.body, isPlain: Object.getPrototypeOf(request.body) === Object.prototype };
  }
}

/** The application's own routes. */
@Controller()
class HostController {
  @Post('auth/something')
  @HttpCode(200)
  something(@Req() request: RawBodyRequest<{ body: { text?: string }; rawBody?: Buffer }>): unknown {
    return { length: request.body?.text?.length, raw: request.rawBody?.length };
  }

  @Post('other/auth/login')
  @HttpCode(200)
  other(@Body() body: unknown): unknown {
    return body;
  }

  @Post('notes')
  @HttpCode(200)
  note(@Body() note: NoteDto): NoteDto {
    return note;
  }

  @Get('plain')
  plain(): string {
    return 'plain';
  }
}

/** Stands for every global guard of an application: it must never see what the gate refuses. */
@Injectable()
class HostGuard implements CanActivate {
  static readonly seen: unknown[] = [];

  canActivate(context: ExecutionContext): boolean {
    const { body, headers } = context.switchToHttp().getRequest<{ body: unknown; headers: IncomingHttpHeaders }>();
    HostGuard.seen.push(body);
    if (headers['x-forbidden']) throw new ForbiddenException();
    return true;
  }
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: Record<string, unknown>;
}

interface Sent {
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Sent one by one without a Content-Length. */
  chunks?: (string | Buffer)[];
}

const adapters = {
  express: () => new ExpressAdapter(),
  fastify: () => new FastifyAdapter(),
};

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };
const LOGIN = { email: 'kate@example.com', password: 'correct horse battery' };

/** JSON of lists within lists. */
function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

function moduleOf(backendLinks: boolean): new () => object {
  const paths = pathsOf(ENDPOINTS, {});
  const ours = [AccountController, ...(backendLinks ? [PagesController] : [])];
  @Module({
    controllers: [...mountControllers(ours, paths), HostController],
    providers: [
      Routes,
      InputGate,
      { provide: PLANNED_ROUTES, useValue: plannedRoutes(ours, paths) },
      { provide: AUTH_CONFIG, useValue: { backendLinks, routes: {}, tokenDelivery: 'bearer' } },
      { provide: APP_GUARD, useClass: HostGuard },
    ],
  })
  class AppModule {}
  return AppModule;
}

async function listen(app: INestApplication): Promise<INestApplication> {
  await app.listen(0, '127.0.0.1');
  return app;
}

function sender(appOf: () => INestApplication) {
  return (method: string, path: string, { headers = {}, body, chunks }: Sent = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { port } = appOf().getHttpServer().address() as AddressInfo;
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const outgoing = httpRequest(
        { port, method, path, headers: { ...length, ...headers }, agent: false },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () => {
            const text = Buffer.concat(parts).toString();
            const isJson = response.headers['content-type']?.includes('json');
            resolve({
              status: response.statusCode!,
              headers: response.headers,
              text,
              json: isJson && text ? JSON.parse(text) : {},
            });
          });
        },
      );
      outgoing.on('error', reject);
      for (const chunk of chunks ?? []) outgoing.write(chunk);
      outgoing.end(body);
    });
}

describe.each(['express', 'fastify'] as const)('the input gate on %s', (adapter) => {
  let app: INestApplication;
  const send = sender(() => app);
  const postJson = (path: string, body: unknown): Promise<Answer> =>
    send('POST', path, { headers: JSON_TYPE, body: typeof body === 'string' ? body : JSON.stringify(body) });

  beforeAll(async () => {
    app = await NestFactory.create(moduleOf(false), adapters[adapter](), { logger: false, rawBody: true });
    app.setGlobalPrefix('api/v1');
    app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
    await listen(app);
  });

  afterAll(() => app.close());

  describe('what passes', () => {
    it('arrives as a validated DTO, and the answer is never cached', async () => {
      const answer = await postJson('/api/v1/auth/login', { ...LOGIN, email: ' Kate@Example.COM' });
      expect(answer.status).toBe(200);
      expect(answer.json).toEqual(LOGIN);
      expect(answer.headers['cache-control']).toBe('no-store');
    });

    it('keeps multi-byte characters that chunks divide', async () => {
      const bytes = Buffer.from(JSON.stringify({ ...LOGIN, password: 'pässwörd 🦉🦉🦉' }));
      const chunks = [...bytes].map((byte) => Buffer.from([byte]));
      const { status, json } = await send('POST', '/api/v1/auth/login', { headers: JSON_TYPE, chunks });
      expect(status).toBe(200);
      expect(json['password']).toBe('pässwörd 🦉🦉🦉');
    });

    it.each([
      'application/json; charset=utf-8',
      'application/json;charset=UTF-8',
      'APPLICATION/JSON',
      'application/json; charset="utf-8"',
    ])('may be %s', async (type) => {
      const answer = await send('POST', '/api/v1/auth/login', {
        headers: { 'content-type': type },
        body: JSON.stringify(LOGIN),
      });
      expect(answer.status).toBe(200);
    });

    it('leaves body and headers for the application to see', async () => {
      const answer = await postJson('/api/v1/auth/password-reset/request', {
        email: 'kate@example.com',
        extra: { a: [1] },
      });
      expect(answer.json).toEqual({
        body: { email: 'kate@example.com', extra: { a: [1] } },
        contentType: 'application/json',
      });
    });

    it('may be exactly 16 KB', async () => {
      const frame = JSON.stringify({ email: '' }).length;
      const body = JSON.stringify({ email: 'a'.repeat(16_384 - frame) });
      expect((await postJson('/api/v1/auth/password-reset/request', body)).status).toBe(202);
      expect((await postJson('/api/v1/auth/password-reset/request', `${body} `)).status).toBe(413);
    });

    it.each([
      ['no body', {}],
      ['no body but a type', { headers: JSON_TYPE }],
      ['an empty body', { headers: { ...JSON_TYPE, 'content-length': '0' } }],
      ['an empty chunked body', { headers: { ...JSON_TYPE, 'transfer-encoding': 'chunked' } }],
      ['an empty object', { headers: JSON_TYPE, body: '{}' }],
    ])('may have %s', async (_name, sent: Sent) => {
      const { status, text } = await send('POST', '/api/v1/auth/logout', sent);
      expect({ status, text }).toEqual({ status: 204, text: '' });
    });

    it('asks for missing fields where there is no body', async () => {
      const { status, json } = await send('POST', '/api/v1/auth/login');
      expect(status).toBe(400);
      expect(json).toMatchObject({ code: 'INPUT_INVALID', errors: [{ field: 'email' }, { field: 'password' }] });
    });

    it('may carry a body on GET and HEAD, which nobody reads', async () => {
      const sent = {
        headers: { 'content-type': 'text/plain', 'user-agent': 'Fire\tfox/1.0' },
        body: 'x'.repeat(20_000),
      };
      const got = await send('GET', '/api/v1/auth/me', sent);
      expect(got.status).toBe(200);
      expect(got.json).toEqual({ ip: '127.0.0.1', userAgent: 'Firefox/1.0' });
      const head = await send('HEAD', '/api/v1/auth/me');
      expect([got, head].map(({ headers }) => headers['cache-control'])).toEqual(['no-store', 'no-store']);
      expect(head.status).toBe(200);
    });
  });

  describe('what it refuses', () => {
    it.each([
      ['malformed JSON', '{"email":"kate@example.com","password":"hunter2'],
      ['a lone surrogate', '{"email":"\\ud800@x.com","password":"hunter2"}'],
      ['NUL', '{"email":"kate@example.com","password":"hunter2\\u0000"}'],
      ['__proto__', '{"__proto__":{"is_admin":true}}'],
      ['constructor', '{"constructor":{"prototype":{"is_admin":true}}}'],
      ['hasOwnProperty', '{"hasOwnProperty":1}'],
      ['5,000 brackets in a known field', `{"email":${nested(5000)}}`],
      ['5,000 brackets in an unknown field', `{"unknown":${nested(5000)}}`],
      ['8,000 brackets', nested(8000)],
      ['a list', '[]'],
      ['null', 'null'],
      ['a string', '"hunter2"'],
      ['a byte order mark', '\uFEFF{}'],
      ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ])('answers 400 to %s, and repeats nothing of it', async (_name, body) => {
      HostGuard.seen.length = 0;
      const answer = await send('POST', '/api/v1/auth/login', { headers: JSON_TYPE, body });
      expect(answer.status).toBe(400);
      expect(answer.json).toEqual({
        statusCode: 400,
        code: 'INPUT_MALFORMED',
        message: 'The request could not be read.',
      });
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(HostGuard.seen).toEqual([]);
    });

    it.each([
      ['wrong types', { email: { $ne: null }, password: { $ne: null } }],
      ['two addresses', { email: ['victim@x.com', 'attacker@x.com'], password: 'hunter2' }],
      ['numbers', { email: 1, password: 2 }],
      ['null', { email: null, password: null }],
      ['FindOperator-shaped JSON', { email: { _type: 'like', _value: '%' }, password: 'hunter2' }],
      ['unknown fields', { ...LOGIN, is_active: true, role: 'hunter2', 'user[is_active]': 'hunter2' }],
      ['names that are methods of a DTO', '{"then":"hunter2","toJSON":1}'],
    ])('answers 400 to %s, with the fields and without the values', async (_name, body) => {
      const { status, json, text } = await postJson('/api/v1/auth/login', body);
      expect(status).toBe(400);
      expect(json['code']).toBe('INPUT_INVALID');
      expect(text).not.toMatch(/hunter2|attacker|\$ne|target|"value"/);
    });

    it('names at most 20 problems, and unknown fields only where the name is plain', async () => {
      const unknown = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`<b>${index}`, 1]));
      const { json } = await postJson('/api/v1/auth/login', { ...unknown, is_active: true });
      const errors = json['errors'] as { field: string; messages: string[] }[];
      expect(errors).toHaveLength(20);
      expect(errors[0]).toEqual({ field: 'unknown', messages: ['unknown is not a known field'] });
      const { json: plain } = await postJson('/api/v1/auth/login', { ...LOGIN, is_active: true });
      expect(plain['errors']).toEqual([{ field: 'is_active', messages: ['is_active is not a known field'] }]);
    });

    it.each([
      ['text', 'text/plain'],
      ['a form', 'application/x-www-form-urlencoded'],
      ['multipart', 'multipart/form-data; boundary=x'],
      ['XML', 'application/xml'],
      ['another kind of JSON', 'application/json-patch+json'],
      ['JSON in UTF-16', 'application/json; charset=utf-16'],
      ['two types', 'application/json, text/plain'],
      ['a malformed type', 'application/json; ;;='],
      ['an empty type', ''],
    ])('answers 415 to %s', async (_name, type) => {
      const { status, json } = await send('POST', '/api/v1/auth/login', {
        headers: { 'content-type': type },
        body: JSON.stringify(LOGIN),
      });
      expect(status).toBe(415);
      expect(json['code']).toBe('INPUT_UNSUPPORTED_TYPE');
    });

    it('answers 415 to a body without a type', async () => {
      expect((await send('POST', '/api/v1/auth/login', { body: JSON.stringify(LOGIN) })).status).toBe(415);
    });

    it.each(['gzip', 'deflate', 'br', 'gzip, gzip', 'x-unknown'])('answers 415 to %s', async (encoding) => {
      const headers = { ...JSON_TYPE, 'content-encoding': encoding };
      const { status, json } = await send('POST', '/api/v1/auth/login', {
        headers,
        body: gzipSync(JSON.stringify(LOGIN)),
      });
      expect(status).toBe(415);
      expect(json['code']).toBe('INPUT_UNSUPPORTED_TYPE');
    });

    it('takes identity for no encoding at all', async () => {
      const headers = { ...JSON_TYPE, 'content-encoding': 'identity' };
      expect((await send('POST', '/api/v1/auth/login', { headers, body: JSON.stringify(LOGIN) })).status).toBe(200);
    });

    it.each([100_000, 1_000_000])('answers 413 to a declared body of %d bytes', async (size) => {
      const answer = await postJson('/api/v1/auth/login', JSON.stringify({ ...LOGIN, password: 'a'.repeat(size) }));
      expect(answer.status).toBe(413);
      expect(answer.json['code']).toBe('INPUT_TOO_LARGE');
      expect(answer.headers['cache-control']).toBe('no-store');
    });

    it('answers 413 to a chunked body of unknown length, and ends the connection', async () => {
      const chunks = ['{"email":"', ...Array.from({ length: 40 }, () => 'a'.repeat(1000)), '"}'];
      const answer = await send('POST', '/api/v1/auth/login', { headers: JSON_TYPE, chunks });
      expect(answer.status).toBe(413);
      expect(answer.headers.connection).toBe('close');
    });

    it.each(['%E0%A4%A', '%', '%zz', '%c0%ae'])('answers 400 to the path parameter %s', async (token) => {
      const { status } = await send('POST', `/api/v1/auth/activate/${token}`);
      expect(status).toBe(400);
    });

    it.each(['%00', '..%2f..%2f', '%2e%2e', '%2F', '%25'])(
      'lets the flow judge the path parameter %s',
      async (token) => {
        const { status, json } = await send('POST', `/api/v1/auth/activate/${token}`);
        expect(status).toBe(200);
        expect(json['token']).toBe(decodeURIComponent(token));
      },
    );
  });

  describe('which requests it takes for its own', () => {
    const hostile = { headers: { 'content-type': 'text/plain' }, body: 'hunter2' };

    it.each([
      '/api/v1/auth/login?x=1',
      '/api/v1/auth/login?',
      '/api/v1/AUTH/Login',
      '/api/v1/auth/login/',
      '/api/v1/auth/log%69n',
      '//api/v1/auth/login',
      '/api/v1/auth/login//',
    ])('lets nothing through at %s', async (path) => {
      const { status } = await send('POST', path, hostile);
      expect([404, 415]).toContain(status);
    });

    it('knows a request target in absolute form', async () => {
      const { status } = await send('POST', 'http://127.0.0.1/api/v1/auth/login', hostile);
      expect([404, 415]).toContain(status);
    });

    it('leaves the routes of the application alone', async () => {
      const large = await postJson('/api/v1/auth/something', { text: 'a'.repeat(80_000) });
      expect(large.status).toBe(200);
      expect(large.json).toEqual({ length: 80_000, raw: 80_011 });
      expect(large.headers['cache-control']).toBeUndefined();
      expect((await postJson('/api/v1/other/auth/login', { a: 1 })).json).toEqual({ a: 1 });
      expect((await postJson('/api/v1/notes', { text: 'a', other: 1 })).status).toBe(400);
      expect((await postJson('/api/v1/notes', { text: 'a' })).json).toEqual({ text: 'a' });
      expect((await send('POST', '/api/v1/other/auth/login', { headers: FORM_TYPE, body: 'a=1' })).json).toEqual({
        a: '1',
      });
      expect((await send('GET', '/api/v1/plain')).text).toBe('plain');
      expect((await send('POST', '/auth/login', hostile)).status).toBe(404);
    });

    it('has no pages and takes no forms where the back end renders none', async () => {
      expect((await send('POST', '/api/v1/auth/activate/x', { headers: FORM_TYPE })).status).toBe(415);
      expect((await send('POST', '/api/v1/auth/password-reset/x', { headers: FORM_TYPE, body: 'a=1' })).status).toBe(
        404,
      );
    });
  });

  it('marks the answers others give as never to be cached, too', async () => {
    const forbidden = await send('GET', '/api/v1/auth/me', { headers: { 'x-forbidden': '1' } });
    expect([forbidden.status, forbidden.headers['cache-control']]).toEqual([403, 'no-store']);
  });

  it('says when to try again', async () => {
    const busy = await send('POST', '/api/v1/auth/refresh');
    expect([busy.status, busy.json['code'], busy.headers['retry-after']]).toEqual([503, 'SERVICE_BUSY', '2']);
  });

  it('survives a client that goes away', async () => {
    const { port } = app.getHttpServer().address() as AddressInfo;
    await new Promise<void>((resolve) => {
      const outgoing = httpRequest({
        port,
        method: 'POST',
        path: '/api/v1/auth/login',
        headers: { ...JSON_TYPE, 'content-length': '100' },
      });
      outgoing.on('error', () => resolve());
      outgoing.write('{"email":', () => setTimeout(() => outgoing.destroy(), 20));
      outgoing.on('close', () => resolve());
    });
    expect((await postJson('/api/v1/auth/login', LOGIN)).status).toBe(200);
  });

  it('answers no JSON at all with a 5xx', async () => {
    const value = fc.anything({
      key: fc.oneof(fc.string(), fc.constantFrom('email', 'password', '__proto__', 'then', 'length')),
      values: [fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(null), fc.emailAddress()],
      maxDepth: 6,
    });
    const body = fc.oneof(
      value.map((json) => JSON.stringify(json) ?? ''),
      fc.record({ email: value, password: value }).map((json) => JSON.stringify(json)),
      fc.string({ unit: 'binary' }),
    );
    const property = fc.asyncProperty(body, async (text) => {
      const { status } = await postJson('/api/v1/auth/login', text);
      expect(status).toBeLessThan(500);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});

describe.each(['express', 'fastify'] as const)('forms on %s', (adapter) => {
  let app: INestApplication;
  const send = sender(() => app);
  const form = (path: string, body: string): Promise<Answer> => send('POST', path, { headers: FORM_TYPE, body });

  beforeAll(async () => {
    const testing = await Test.createTestingModule({ imports: [moduleOf(true)] }).compile();
    // Without Nest's own body parsers: the gate needs none.
    app = await listen(testing.createNestApplication(adapters[adapter](), { logger: false, bodyParser: false }));
  });

  afterAll(() => app.close());

  it('become a plain object of strings', async () => {
    const { json } = await form('/auth/password-reset/abc', 'new_password=a+b%20c&list[]=1&deep[a]=2');
    expect(json).toEqual({ body: { new_password: 'a b c', 'list[]': '1', 'deep[a]': '2' }, isPlain: true });
  });

  it('may be empty: the confirm button', async () => {
    expect((await form('/auth/activate/abc', '')).json).toEqual({ token: 'abc', body: {} });
  });

  it.each([
    ['a name that comes twice', 'a=1&a=2'],
    ['too many fields', Array.from({ length: 21 }, (_, index) => `f${index}=1`).join('&')],
    ['__proto__', '__proto__=1'],
    ['NUL', 'a=%00'],
    ['bytes that are not UTF-8', 'a=%C0%AE'],
  ])('are refused with %s', async (_name, body) => {
    expect((await form('/auth/password-reset/abc', body)).json['code']).toBe('INPUT_MALFORMED');
  });

  it.each([
    ['JSON', 'application/json', '{}'],
    ['multipart', 'multipart/form-data; boundary=x', '--x--'],
  ])('are never %s', async (_name, type, body) => {
    const answer = await send('POST', '/auth/password-reset/abc', { headers: { 'content-type': type }, body });
    expect(answer.status).toBe(415);
  });

  it('leave the JSON endpoints to JSON', async () => {
    expect((await form('/auth/password-reset/confirm', 'token=a&new_password=b')).status).toBe(415);
    const json = await send('POST', '/auth/activate/abc', { headers: JSON_TYPE, body: '{}' });
    expect([json.status, json.headers['cache-control']]).toEqual([200, 'no-store']);
  });

  it('share their path with a page', async () => {
    const page = await send('GET', '/auth/activate/abc');
    expect([page.status, page.text, page.headers['cache-control']]).toEqual([200, '<p>3</p>', 'no-store']);
    expect((await send('GET', '/auth/activate/%E0%A4%A')).status).toBe(400);
    const { status, text } = await send('HEAD', '/auth/activate/abc');
    expect({ status, text }).toEqual({ status: 200, text: '' });
  });
});

describe.each(['express', 'fastify'] as const)('where the routes are on %s', (adapter) => {
  it('follows exclusions from the global prefix, and stands outside the versions of the application', async () => {
    const app = await NestFactory.create(moduleOf(false), adapters[adapter](), { logger: false });
    app.setGlobalPrefix('/api/', { exclude: [{ path: 'auth/login', method: RequestMethod.POST }] });
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    await listen(app);
    const send = sender(() => app);
    const hostile = { headers: JSON_TYPE, body: '{"email":"\\ud800@x.com"}' };
    const codes = await Promise.all(['/auth/login', '/api/auth/refresh'].map((path) => send('POST', path, hostile)));
    expect(codes.map(({ json }) => json['code'])).toEqual(['INPUT_MALFORMED', 'INPUT_MALFORMED']);
    expect((await send('POST', '/api/v1/other/auth/login', { headers: JSON_TYPE, body: '{"a":1}' })).json).toEqual({
      a: 1,
    });
    await app.close();
  });
});

describe('a body that something in front has parsed', () => {
  it('is checked by its shape', async () => {
    const adapter = new ExpressAdapter();
    adapter.useBodyParser('json', false);
    const app = await listen(await NestFactory.create(moduleOf(false), adapter, { logger: false }));
    const send = sender(() => app);
    const login = (body: string): Promise<Answer> => send('POST', '/auth/login', { headers: JSON_TYPE, body });
    expect((await login(JSON.stringify(LOGIN))).status).toBe(200);
    expect((await login('{"email":"\\ud800@x.com"}')).json['code']).toBe('INPUT_MALFORMED');
    expect((await login(`{"email":${nested(5000)}}`)).json['code']).toBe('INPUT_MALFORMED');
    expect((await login(JSON.stringify({ ...LOGIN, password: 'a'.repeat(20_000) }))).status).toBe(413);
    expect((await send('POST', '/auth/logout')).status).toBe(204);
    await app.close();
  });
});

describe('errorHeaders', () => {
  it.each([
    ['ACCESS_UNAUTHENTICATED', { 'WWW-Authenticate': 'Bearer' }],
    ['ACCESS_INVALID_TOKEN', { 'WWW-Authenticate': 'Bearer error="invalid_token"' }],
    ['SESSION_INVALID_TOKEN', { 'WWW-Authenticate': 'Bearer error="invalid_token"' }],
    ['LOGIN_INVALID_CREDENTIALS', { 'WWW-Authenticate': 'Bearer' }],
    ['ACCESS_EMAIL_UNVERIFIED', { 'WWW-Authenticate': 'Bearer error="insufficient_scope"' }],
    ['INPUT_CROSS_SITE', {}],
    ['SERVICE_UNAVAILABLE', { 'Retry-After': '1' }],
  ] as const)('of %s are %j', (code, headers) => {
    expect(errorHeaders(new AuthError(code))).toEqual({ 'Cache-Control': 'no-store', ...headers });
  });
});
