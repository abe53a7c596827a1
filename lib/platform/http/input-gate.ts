import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AuthError } from '../common/auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import { errorHeaders } from './auth-error.filter.js';
import { endWithoutBody } from './body-deadline.js';
import type { Endpoint } from './endpoint.js';
import type { FastifyRouteConfig } from './planned-routes.js';
import { type MediaType, mediaType } from './media-type.js';
import { type RefusalPage, RefusalPages } from './refusal-pages.js';
import { type MountedRoute, Routes } from './routes.js';
import { assertSafeBody, BODY_LIMIT_BYTES, parseForm, parseJson, readBody, type SafeBody } from './safe-body.js';

/** An endpoint, and how to know a request to it before Express has routed it. */
interface ExpressRoute extends MountedRoute {
  readonly pattern: RegExp;
}

type RawRequest = IncomingMessage & { body?: unknown };
type ExpressRequest = RawRequest & { path: string };
type ExpressHandler = (
  request: ExpressRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>;

interface FastifyRequest {
  method: string;
  raw: RawRequest;
  routeOptions: { config?: FastifyRouteConfig };
  headers: IncomingHttpHeaders;
  body?: unknown;
}

interface FastifyReply {
  header(name: string, value: string): unknown;
  code(status: number): this;
  headers(values: Readonly<Record<string, string>>): this;
  send(body: string): unknown;
}

interface FastifyInstance {
  addHook(
    name: string,
    hook: (request: FastifyRequest, reply: FastifyReply, payload: Readable) => Promise<unknown>,
  ): unknown;
}

/**
 * Reads, limits and checks the body of every request to this module, before the application's own body parser, pipes
 * and guards see it. A stock Nest application answers 500 to `"\ud800@x.com"` and to 5,000 nested brackets, inflates
 * compressed bodies, and lets a form of another site reach a JSON endpoint. Requests to the application's own routes
 * pass untouched.
 *
 * What passes has its parsed body on `request.body`; what does not goes to Nest's exception layer as an AuthError.
 * A body that does not arrive in time is 408, or the end of the connection.
 * Every answer of an endpoint, whoever writes it, carries `Cache-Control`: `no-store`, unless the table says otherwise.
 */
@Injectable()
export class InputGate {
  private routesOnExpress?: readonly ExpressRoute[];

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly routes: Routes,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
    /** Mode E alone has pages. */
    @Optional() private readonly pages?: RefusalPages,
  ) {
    // The adapter exists before `app.init()` registers the body parser: the only moment to stand in front of it.
    adapterHost.init$.subscribe(() => this.attach());
  }

  private attach(): void {
    const { httpAdapter } = this.adapterHost;
    // An application context or a microservice has no HTTP, hence no input to guard.
    if (!httpAdapter) return;
    const type = httpAdapter.getType();
    if (type === 'express') httpAdapter.use(this.onExpress);
    else if (type === 'fastify') this.attachToFastify(httpAdapter.getInstance<FastifyInstance>());
    else
      throw new Error(
        `The account routes need the Express or the Fastify adapter, not "${type}": use one of these two.`,
      );
  }

  private readonly onExpress: ExpressHandler = async (request, response, next) => {
    const route = this.expressRoutes.find(
      ({ endpoint, pattern }) => serves(endpoint, request.method) && pattern.test(request.path),
    );
    if (!route) return next();
    endWithoutBody(request);
    response.setHeader('Cache-Control', cacheControl(route.endpoint));
    if (route.endpoint.cacheSeconds === undefined) withoutETag(response);
    try {
      // Express would repeat the path, and the token in it, in its own error.
      if (!isDecodable(request.path)) throw new AuthError('INPUT_MALFORMED');
      if (route.endpoint.accepts !== 'none') request.body = await this.admit(route.endpoint, request, request);
    } catch (error) {
      for (const [name, value] of refusalHeaders(error, request)) response.setHeader(name, value);
      const page = this.pageFor(route.endpoint, request, error);
      if (page) return void response.writeHead(page.status, page.headers).end(page.body);
      return next(error);
    }
    next();
  };

  private attachToFastify(instance: FastifyInstance): void {
    const admitted = new WeakMap<FastifyRequest, { body: SafeBody; headers: IncomingHttpHeaders }>();

    instance.addHook('preParsing', async (request, reply, payload) => {
      // Fastify has chosen the route: its own decoding, case and slash rules are applied already.
      const endpoint = request.routeOptions.config?.authEndpoint;
      if (!endpoint) return;
      endWithoutBody(request.raw);
      reply.header('Cache-Control', cacheControl(endpoint));
      if (endpoint.accepts === 'none') return;
      try {
        const body = await this.admit(endpoint, request.raw, payload);
        const { headers } = request;
        admitted.set(request, { body, headers });
        // Nothing is left to parse. Fastify's parsers would otherwise wait for the stream, or refuse an empty body.
        request.headers = {
          ...headers,
          'content-type': undefined,
          'content-length': undefined,
          'transfer-encoding': undefined,
        };
      } catch (error) {
        for (const [name, value] of refusalHeaders(error, request.raw)) reply.header(name, value);
        const page = this.pageFor(endpoint, request.raw, error);
        if (!page) throw error;
        return reply.code(page.status).headers(page.headers).send(page.body);
      }
    });

    // After parsing and before the handler, with Nest's guards in it: the body in place, the headers as they were.
    instance.addHook('preValidation', async (request) => {
      Object.assign(request, admitted.get(request));
    });
  }

  /** What passes goes on to a controller, which has its own way to answer by a page; what does not must do so here. */
  private pageFor({ flow, answers }: Endpoint, request: RawRequest, error: unknown): RefusalPage | undefined {
    if (
      !(error instanceof AuthError) ||
      !Object.values(answers)
        .flat()
        .some(({ kind }) => kind === 'page')
    )
      return undefined;
    return this.pages?.pageFor(flow, request, error);
  }

  /** Built on the first request: routes are mounted when the gate already stands. */
  private get expressRoutes(): readonly ExpressRoute[] {
    return (this.routesOnExpress ??= this.routes.all.map((route) => ({
      ...route,
      pattern: toPattern(route.template),
    })));
  }

  private async admit(endpoint: Endpoint, request: RawRequest, stream: Readable): Promise<SafeBody> {
    const { headers } = request;
    // Inflating would turn 1 KB into 1 GB (a decompression bomb).
    if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') throw unsupportedType();
    const type = mediaType(headers['content-type']);
    if (headers['content-type'] !== undefined && !(type && this.accepts(endpoint, type))) throw unsupportedType();
    if (Number(headers['content-length'] ?? 0) > BODY_LIMIT_BYTES) throw new AuthError('INPUT_TOO_LARGE');
    const body = await this.parsedBody(request, stream, type);
    assertSafeBody(body);
    return body;
  }

  private async parsedBody(request: RawRequest, stream: Readable, type: MediaType | undefined): Promise<unknown> {
    // Something in front of the adapter has read the body: its shape is all that is left to check.
    if (stream.readableEnded) return request.body ?? {};
    const bytes = await readBody(stream);
    if (bytes.length === 0) return {};
    if (!type) throw unsupportedType();
    return type === 'json' ? parseJson(bytes) : parseForm(bytes);
  }

  private accepts({ accepts }: Endpoint, type: MediaType): boolean {
    return accepts === type || (accepts === 'json-or-form' && (type === 'json' || this.config.backendLinks));
  }
}

function serves({ method }: Endpoint, requestMethod: string | undefined): boolean {
  // Both adapters run the GET handler for HEAD.
  return method === requestMethod || (method === 'GET' && requestMethod === 'HEAD');
}

function cacheControl({ cacheSeconds }: Endpoint): string {
  return cacheSeconds === undefined ? 'no-store' : `public, max-age=${cacheSeconds}`;
}

/**
 * Express sends a hash of each body along, as caches and conditional requests want it. Of what nobody may keep it would be
 * one more trace of a token, in the headers that proxies log. There is no other way to switch it off for one answer.
 */
function withoutETag(response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    response.removeHeader('ETag');
    return writeHead(...args);
  };
}

/** As Express routes by default: any case, and a slash at the end or not. */
function toPattern(template: string): RegExp {
  const source = template.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+');
  return new RegExp(`^${source}/?$`, 'i');
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** Headers of a refusal. Where the end of a body may never come (too slow, too long without a length), the connection ends. */
function refusalHeaders(error: unknown, { headers }: RawRequest): [string, string][] {
  if (!(error instanceof AuthError)) return [];
  const { code } = error;
  const isEndless =
    code === 'INPUT_TOO_SLOW' || (code === 'INPUT_TOO_LARGE' && headers['content-length'] === undefined);
  return Object.entries({ ...errorHeaders(error), ...(isEndless && { Connection: 'close' }) });
}

function unsupportedType(): AuthError {
  return new AuthError('INPUT_UNSUPPORTED_TYPE');
}
