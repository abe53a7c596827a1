import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiProperty, type OpenAPIObject, type OperationObject } from '@nestjs/swagger';
import { IsInt, Max } from 'class-validator';
import { AUTH_ERRORS, type AuthErrorCode, SignupDto } from 'nestjs-gatehouse';
import { afterEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../lib/platform/http/endpoint.js';
import { ENDPOINTS } from '../lib/module/flows.js';
import { Routes } from '../lib/platform/http/routes.js';
import { BUNDLED_DTOS } from '../lib/module/options/own-bodies.js';
import { validatedProperties, wireName } from '../lib/platform/http/dto-properties.js';
import { assertDocumented, documentOf, holdToDocument } from './support/openapi-contract.js';
import { resolved, validatorOf } from './support/openapi-schemas.js';
import { clubSchema, MemberProfileDto, MemberResponse, MemberSignupDto } from './support/users-with-own-fields.js';
import { createTestApp, type TestApp, type TestAppOptions } from './support/test-app.js';

class Tea {
  @ApiProperty({ description: 'Grams.' })
  @IsInt()
  leaves!: number;
}

@Controller('tea')
class TeaController {
  @Post()
  brew(@Body() tea: Tea): Tea {
    return tea;
  }

  @Get()
  taste(): string {
    return 'fine';
  }
}

class LabelledSignupDto extends SignupDto {
  @ApiProperty({ description: 'What others call you.', example: 'countess', minLength: 3 })
  @Max(5)
  handle!: string;
}

let t: TestApp | undefined;
afterEach(async () => {
  await t?.close();
  t = undefined;
});

async function start(choice: TestAppOptions = {}): Promise<TestApp> {
  t = await createTestApp(choice);
  holdToDocument(t.app, t.client.origin);
  return t;
}

/** As the application makes it: the routes of the module and its own. */
async function documentWith(choice?: TestAppOptions): Promise<OpenAPIObject> {
  return documentOf((await start(choice)).app);
}

type Operation = OperationObject & { responses: Record<string, Answer> };
interface Answer {
  headers?: object;
  content?: Record<string, { schema: object; example?: unknown; examples?: Record<string, { value: unknown }> }>;
}

function operations({ paths }: OpenAPIObject): { path: string; method: string; operation: Operation }[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({ path, method, operation })),
  );
}

const operationAt = ({ paths }: OpenAPIObject, path: string, method: 'get' | 'post' | 'put' | 'delete' | 'patch') =>
  paths[path]?.[method] as Operation;

const codesOf = ({ responses }: Operation) =>
  Object.values(responses).flatMap(({ content }) => Object.keys(content?.['application/json']?.examples ?? {}));

const OWN_CLASSES = { signupDto: MemberSignupDto, profileDto: MemberProfileDto, userResponse: MemberResponse };

const CONFIGURATIONS: Record<string, TestAppOptions> = {
  'mode A': {},
  'mode A on Fastify with integer keys': { adapter: 'fastify', integerKeys: true },
  'mode C': { mode: 'C' },
  'mode D with cookies': { mode: 'D', options: { tokenDelivery: 'cookie' } },
  'mode E with cookies and bodies': { mode: 'E', options: { tokenDelivery: 'both' } },
  'level basic': { level: 'basic' },
  'own fields': { schema: clubSchema(false), options: OWN_CLASSES },
  'preset forge below a prefix': { globalPrefix: 'api/v1', options: { routes: { preset: 'forge' } } },
};

describe.each(Object.entries(CONFIGURATIONS))('the document of an application with %s', (_name, choice) => {
  it('has every mounted endpoint, and no other of the module', async () => {
    const { app } = await start(choice);
    const mounted = app.get(Routes).all.map(({ endpoint, template }) => `${endpoint.method} ${template}`);
    const documented = operations(documentOf(app)).map(
      ({ path, method }) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
    );
    expect(documented.filter((each) => !each.includes('/demo/')).toSorted()).toEqual(mounted.toSorted());
  });

  it('is sound: references, parameters, security schemes, schemas and examples fit together', async () => {
    const document = await documentWith(choice);
    expect(document.openapi).toBe('3.0.0');
    const ids = operations(document).map(({ operation: { operationId } }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const schemes = Object.keys(document.components?.securitySchemes ?? {});
    for (const { path, operation } of operations(document)) {
      const params = operation.parameters?.flatMap((each) => ('in' in each && each.in === 'path' ? [each.name] : []));
      expect(params?.toSorted()).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).toSorted());
      expect(schemes).toEqual(expect.arrayContaining((operation.security ?? []).flatMap((way) => Object.keys(way))));
      expect(Object.keys(operation.responses)).not.toEqual([]);
      for (const { content } of Object.values(operation.responses)) assertExamplesFit(content, document);
      if (operation.requestBody && 'content' in operation.requestBody)
        assertExamplesFit(operation.requestBody.content as Answer['content'], document);
    }
  });

  it('says something of every operation, answer and parameter, and of every field of a request', async () => {
    const document = await documentWith(choice);
    const own = operations(document).filter(({ path }) => !path.includes('/demo/'));
    expect(own.length).toBeGreaterThan(2);
    for (const [name, { properties = {} }] of requestSchemas(document))
      for (const [field, schema] of Object.entries(properties))
        expect([name, field, schema]).toEqual([
          name,
          field,
          expect.objectContaining({ description: expect.any(String) }),
        ]);
    for (const { operation } of own) {
      expect(operation.summary).toBeTruthy();
      expect(operation.tags).toHaveLength(1);
      for (const response of Object.values(operation.responses)) expect(response).toHaveProperty('description');
      for (const parameter of operation.parameters ?? []) expect(parameter).toHaveProperty('description');
    }
  });

  it('has no secret in it, nor anything that looks like one', async () => {
    const text = JSON.stringify(await documentWith(choice));
    expect(text).not.toMatch(/eyJ|[\w-]{64}|\$argon2|unit-tests-only/);
  });
});

/** The bundled bodies; what the fields of the application's own mean, the application says. */
function requestSchemas({ components }: OpenAPIObject): [string, { properties?: Record<string, object> }][] {
  const schemas = Object.entries(
    (components?.schemas ?? {}) as Record<string, { properties?: Record<string, object> }>,
  );
  return schemas.filter(([name]) => /^Auth.*Dto$/.test(name));
}

function assertExamplesFit(content: Answer['content'] = {}, document: OpenAPIObject): void {
  for (const { schema, example, examples = {} } of Object.values(content)) {
    const validate = validatorOf(resolved(schema, document));
    const values = [...(example === undefined ? [] : [example]), ...Object.values(examples).map(({ value }) => value)];
    for (const value of values) expect([value, validate(value), validate.errors]).toEqual([value, true, null]);
  }
}

describe('an operation', () => {
  it('names every code of the table, with an example for each, at the status of the code', async () => {
    const document = await documentWith({ mode: 'C', options: { tokenDelivery: 'both' } });
    const routes = t!.app.get(Routes).all;
    for (const { endpoint, template } of routes) {
      const item = document.paths[template.replace(/:(\w+)/g, '{$1}')] as Record<string, Operation>;
      const found = item[endpoint.method.toLowerCase()]!;
      expect([template, codesOf(found).toSorted()]).toEqual([template, [...endpoint.errors].toSorted()]);
      for (const [status, { content }] of Object.entries(found.responses)) {
        const codes = Object.keys(content?.['application/json']?.examples ?? {}) as AuthErrorCode[];
        expect(codes.map((code) => AUTH_ERRORS[code][0])).toEqual(codes.map(() => Number(status)));
      }
    }
  });

  it('leaves out the codes that need cookies where there are none', async () => {
    const codes = operations(await documentWith()).flatMap(({ operation }) => codesOf(operation));
    expect(codes).toContain('ACCESS_INVALID_TOKEN');
    expect(codes).not.toContain('ACCESS_INVALID_CSRF_TOKEN');
    expect(codes).not.toContain('INPUT_CROSS_SITE');
    expect(codes).not.toContain('SIGNUP_EMAIL_TAKEN');
  });

  it('demands a bearer token where the guard does, and nothing where it is open', async () => {
    const document = await documentWith();
    expect(operationAt(document, '/auth/me', 'get').security).toEqual([{ bearer: [] }]);
    expect(operationAt(document, '/auth/logout', 'post').security).toEqual([{}, { bearer: [] }]);
    expect(operationAt(document, '/auth/login', 'post').security).toEqual([]);
    expect(operationAt(document, '/auth/refresh', 'post').security).toEqual([{}]);
  });

  it('takes cookies by the names they have, and describes the header and the cookies of the answer', async () => {
    const document = await documentWith({ options: { tokenDelivery: 'cookie', cookie: { secure: false } } });
    expect(document.components?.securitySchemes).toMatchObject({
      cookie: { type: 'apiKey', in: 'cookie', name: 'gatehouse-access' },
      refresh_cookie: { type: 'apiKey', in: 'cookie', name: 'gatehouse-refresh' },
    });
    expect(operationAt(document, '/auth/me', 'get').security).toEqual([{ bearer: [] }, { cookie: [] }]);
    expect(operationAt(document, '/auth/refresh', 'post').security).toEqual([{}, { refresh_cookie: [] }]);
    expect(operationAt(document, '/auth/logout-all', 'post').parameters).toMatchObject([{ name: 'X-CSRF-Token' }]);
    const { headers, content } = operationAt(document, '/auth/login', 'post').responses['200']!;
    expect(headers).toHaveProperty('Set-Cookie');
    expect(content!['application/json']!.example).toMatchObject({ access_token: null, refresh_token: null });
  });

  it('answers pages only in mode E', async () => {
    const [withPages, without] = [await documentWith({ mode: 'E' }), (await t!.close(), await documentWith())];
    const types = [withPages, without].map((document) =>
      Object.keys(operationAt(document, '/auth/activate/{token}', 'post').responses['200']!.content!),
    );
    expect(types).toEqual([['application/json', 'text/html'], ['application/json']]);
  });
});

/** The schema of the body of signup, which has that name. */
async function signupSchema(choice: TestAppOptions, name: string) {
  const document = await documentWith(choice);
  const content = (operationAt(document, '/auth/signup', 'post').requestBody as Answer).content!;
  expect(content['application/json']!.schema).toEqual({ $ref: `#/components/schemas/${name}` });
  return document.components!.schemas![name] as { properties: Record<string, object>; required?: string[] };
}

describe('the body of signup', () => {
  it('has the fields of the application’s own class, by their rules and under their names on the wire', async () => {
    const choice = { schema: clubSchema(false), options: { signupDto: MemberSignupDto } };
    const { properties, required } = await signupSchema(choice, 'MemberSignupDto');
    expect(Object.keys(properties).toSorted()).toEqual(
      [...validatedProperties(MemberSignupDto)]
        .filter((property) => !['name', 'username'].includes(property))
        .map((property) => wireName(MemberSignupDto, property))
        .toSorted(),
    );
    expect(properties['plan']).toMatchObject({ enum: ['free', 'paid'] });
    expect(properties['born_at']).toMatchObject({ type: 'string', format: 'date-time' });
    expect(required).toEqual(expect.arrayContaining(['email', 'password']));
    expect(required).not.toContain('born_at');
  });

  it('says what the application says of a field by @ApiProperty, rather than its rules', async () => {
    const choice = { schema: clubSchema(false), options: { signupDto: LabelledSignupDto } };
    const { properties } = await signupSchema(choice, 'LabelledSignupDto');
    expect(properties['handle']).toMatchObject({
      type: 'string',
      description: 'What others call you.',
      example: 'countess',
      minLength: 3,
    });
  });

  it('has no name where users have none', async () => {
    const { properties } = await signupSchema({ schema: clubSchema(false) }, 'AuthSignupDto');
    expect(Object.keys(properties)).toEqual(['email', 'password']);
  });
});

/** What a JSON body of the document is, its reference followed. */
const schemaOf = (document: OpenAPIObject, content: Answer['content']) =>
  resolved(content!['application/json']!.schema, document) as { properties: object; required?: string[] };

describe('the profile', () => {
  it('has the fields of the application’s own class: all of them with PUT, any of them with PATCH', async () => {
    const document = await documentWith({ schema: clubSchema(false), options: OWN_CLASSES });
    const [put, patch] = (['put', 'patch'] as const).map((method) => {
      const { required, content } = operationAt(document, '/auth/me', method).requestBody as Answer & {
        required: boolean;
      };
      return { isNeeded: required, schema: schemaOf(document, content) };
    });
    const fields = ['born_at', 'handle', 'newsletter', 'plan'];
    expect([put!.isNeeded, Object.keys(put!.schema.properties).sort()]).toEqual([true, fields]);
    expect([patch!.isNeeded, Object.keys(patch!.schema.properties).sort()]).toEqual([false, fields]);
    expect([put!.schema.required, patch!.schema.required]).toEqual([['handle'], undefined]);
  });

  it('is answered as the application’s own class says', async () => {
    const document = await documentWith({ schema: clubSchema(false), options: OWN_CLASSES });
    for (const method of ['get', 'put', 'patch'] as const) {
      const { content } = operationAt(document, '/auth/me', method).responses['200']!;
      expect(content!['application/json']).toEqual({ schema: { $ref: '#/components/schemas/MemberResponse' } });
      const { properties, required } = schemaOf(document, content);
      expect(Object.keys(properties)).toEqual(required);
      expect(required!.toSorted()).toEqual(['address', 'born_at', 'handle', 'id', 'is_verified', 'kind', 'plan']);
      expect(properties).toMatchObject({ handle: { type: 'string', description: 'What others call the member.' } });
    }
  });
});

it('leaves the application’s own operations alone', async () => {
  const { paths, components } = await documentWith({ controllers: [TeaController] });
  expect(paths['/tea']).toEqual({
    get: {
      operationId: 'TeaController_taste',
      parameters: [],
      responses: { 200: { description: '' } },
      tags: ['Tea'],
    },
    post: {
      operationId: 'TeaController_brew',
      parameters: [],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Tea' } } },
      },
      responses: { 201: { description: '' } },
      tags: ['Tea'],
    },
  });
  expect(components?.schemas?.['Tea']).toMatchObject({ properties: { leaves: { description: 'Grams.' } } });
});

describe('the table of endpoints', () => {
  it.each(Object.entries<Endpoint>(ENDPOINTS))('describes each field that %s reads, and no other', (_key, endpoint) => {
    const dto = typeof endpoint.body === 'string' ? BUNDLED_DTOS[endpoint.body] : endpoint.body;
    const read = dto ? [...validatedProperties(dto)] : [];
    expect(Object.keys(endpoint.request).toSorted()).toEqual(read.toSorted());
  });

  it.each(Object.entries<Endpoint>(ENDPOINTS))(
    'has answers for %s that fit its status and its codes',
    (_key, endpoint) => {
      expect(Object.keys(endpoint.answers)).toContain(String(endpoint.status));
      expect(endpoint.errors.includes('ACCESS_UNAUTHENTICATED')).toBe(endpoint.credentials === 'access');
    },
  );
});

/** A login that went well, but for what is said. */
function loginAnswer(over: object) {
  return {
    method: 'POST',
    url: new URL('/auth/login', t!.client.origin),
    status: 200,
    headers: new Headers({ 'content-type': 'application/json' }),
    text: JSON.stringify({ access_token: 'a', refresh_token: 'b', token_type: 'Bearer', expires_in: 900 }),
    ...over,
  };
}

describe('the comparison of answers with the document', () => {
  it('finds nothing wrong with an answer that is as documented', async () => {
    await start();
    expect(() => assertDocumented(loginAnswer({}))).not.toThrow();
  });

  it.each([
    ['a status', { status: 418 }, 'the status is missing'],
    ['a media type', { headers: new Headers({ 'content-type': 'text/plain' }) }, 'text/plain is missing'],
    ['a field', { text: '{"access_token":"a","refresh_token":"b","token_type":"Bearer","expires_in":1,"x":1}' }, '"x"'],
    ['the lack of a field', { text: '{"access_token":"a"}' }, 'refresh_token'],
    ['a code', { status: 400, text: '{"statusCode":400,"code":"SESSION_NOT_FOUND","message":"no"}' }, 'allowedValues'],
    ['a cookie', { headers: new Headers({ 'content-type': 'application/json', 'set-cookie': 'a=b' }) }, 'Set-Cookie'],
    [
      'the lack of a header',
      { status: 503, text: '{"statusCode":503,"code":"SERVICE_BUSY","message":"no"}' },
      'Retry-After',
    ],
    ['a field of a request', { sent: { email: 'a@example.com', password: 'b', role: 'admin' } }, 'role'],
  ])('finds %s that is not documented', async (_what, over, complaint) => {
    await start();
    expect(() => assertDocumented(loginAnswer(over))).toThrow(complaint);
  });
});
