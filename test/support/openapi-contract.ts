import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, type OperationObject, SwaggerModule } from '@nestjs/swagger';
import { addAuthSecurity } from 'nestjs-gatehouse';
import { HOOKS_CLASS } from '../../lib/engine/hooks/hooks.js';
import { type MountedRoute, Routes } from '../../lib/platform/http/routes.js';
import { type Exchange, judgeExchanges } from './exchange.js';
import { resolved, validatorOf } from './openapi-schemas.js';

type Content = Record<string, { schema?: object }>;
interface Response {
  headers?: Record<string, { required?: boolean }>;
  content?: Content;
}

const contracts = new Map<string, Contract>();

/** The OpenAPI document of an application, as an application makes it. */
export function documentOf(app: INestApplication): OpenAPIObject {
  const config = addAuthSecurity(new DocumentBuilder().setTitle('Test').setVersion('1'), app).build();
  return SwaggerModule.createDocument(app, config);
}

/** From now on whatever a client receives of an application is compared with the document of the application. */
export function holdToDocument(app: INestApplication, origin: string): void {
  contracts.set(origin, new Contract(app));
}

/** The application is closed: another one may be given its port. */
export function releaseFromDocument(origin: string): void {
  contracts.delete(origin);
}

/**
 * Throws where an answer, or a request that succeeded, is not as the document says. Answers of other servers, and of
 * routes that are not the module's, are none of its business.
 */
export function assertDocumented(exchange: Exchange): void {
  contracts.get(exchange.url.origin)?.check(exchange);
}

judgeExchanges(assertDocumented);

class Contract {
  private readonly routes: readonly MountedRoute[];
  private readonly hasHooks: boolean;
  private document?: OpenAPIObject;

  constructor(private readonly app: INestApplication) {
    this.routes = app.get(Routes, { strict: false }).all;
    this.hasHooks = has(app, HOOKS_CLASS);
  }

  check(exchange: Exchange): void {
    if (this.isForeign(exchange)) return;
    const route = this.routes.find((each) => leadsTo(each, exchange));
    if (!route) return;
    this.document ??= documentOf(this.app);
    const operation = operationAt(this.document, route);
    const complaints = operation ? this.complaints(operation, exchange) : ['there is no such operation'];
    if (complaints.length === 0) return;
    const { method, url, status, text } = exchange;
    throw new Error(
      `${method} ${url.pathname} answered ${status}, but in the OpenAPI document ${complaints.join('; ')}: ${text.slice(0, 500)}`,
    );
  }

  /** What Fastify answers to a path that does not decode or is too long, and what a hook of the application refuses or fails with. */
  private isForeign({ method, status, text }: Exchange): boolean {
    if (status < 400) return false;
    // An answer to HEAD has no body that could tell the code.
    if (method === 'HEAD' && status === 414) return true;
    const code = /"code":"(\w+)"/.exec(text)?.[1];
    return (
      /^FST_ERR_(BAD_URL|MAX_PARAM_LENGTH)$/.test(code ?? '') ||
      (code === undefined && this.hasHooks && text.startsWith('{'))
    );
  }

  private complaints(operation: OperationObject, exchange: Exchange): string[] {
    const response = operation.responses[exchange.status] as Response | undefined;
    if (!response) return ['the status is missing'];
    return [
      ...headerComplaints(response, exchange.headers),
      ...(exchange.method === 'HEAD' ? [] : this.bodyComplaints(response.content, exchange)),
      ...(exchange.status < 300 ? this.requestComplaints(operation, exchange) : []),
    ];
  }

  private bodyComplaints(content: Content | undefined, { headers, text }: Exchange): string[] {
    if (!content) return text === '' ? [] : ['there is no body'];
    const type = headers.get('content-type')?.split(';')[0] ?? '';
    const schema = content[type]?.schema;
    if (!schema) return [`the media type ${type} is missing`];
    return this.valueComplaints('the answer', schema, type.endsWith('json') ? JSON.parse(text) : text);
  }

  private requestComplaints({ requestBody }: OperationObject, { sent }: Exchange): string[] {
    if (sent === undefined || !requestBody || '$ref' in requestBody) return [];
    const schema = requestBody.content['application/json']?.schema;
    return schema ? this.valueComplaints('the request', schema, sent) : [];
  }

  private valueComplaints(what: string, schema: object, value: unknown): string[] {
    const validate = validatorOf(resolved(schema, this.document!));
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${what}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

function has(app: INestApplication, token: symbol): boolean {
  try {
    return Boolean(app.get<unknown>(token, { strict: false }));
  } catch {
    return false;
  }
}

function headerComplaints({ headers: documented = {} }: Response, headers: Headers): string[] {
  const missing = Object.entries(documented).filter(([name, { required }]) => required && !headers.has(name));
  return [
    ...missing.map(([name]) => `${name} is promised`),
    ...(headers.has('set-cookie') && !('Set-Cookie' in documented) ? ['Set-Cookie is missing'] : []),
  ];
}

function leadsTo({ endpoint, template }: MountedRoute, { method, url }: Exchange): boolean {
  const pattern = new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+')}$`);
  return endpoint.method === (method === 'HEAD' ? 'GET' : method) && pattern.test(url.pathname);
}

function operationAt({ paths }: OpenAPIObject, { endpoint, template }: MountedRoute): OperationObject | undefined {
  const method = endpoint.method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete';
  return paths[template.replace(/:(\w+)/g, '{$1}')]?.[method];
}
