import { Inject, Injectable, type OnModuleInit, VersioningType } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import { problemAt } from '../config/config-problem.js';
import { AuthStartUpError } from '../config/start-up-error.js';
import type { Endpoint } from './endpoint.js';
import { endpointOf } from './endpoint.decorator.js';
import { type FastifyRouteConfig, PLANNED_ROUTES, type PlannedRoute } from './planned-routes.js';

/** An endpoint where the application really has it. */
export interface MountedRoute extends PlannedRoute {
  /** From the root of the adapter, with `:name` for parameters, e.g. `/api/v1/auth/activate/:token`. */
  readonly template: string;
}

/** The part of an Express application that {@link Routes} reads. */
interface ExpressApplication {
  router: { stack: { route?: { path: unknown; stack: { handle: object }[] } }[] };
  /** Where a parent application has mounted this one; empty without a parent. */
  path(): string;
}

/** The part of a Fastify instance that {@link Routes} uses. */
interface FastifyApplication {
  addHook(
    name: 'onRoute',
    hook: (route: { url: string; method: unknown; config?: FastifyRouteConfig }) => void,
  ): unknown;
}

/**
 * The endpoints as the application has really mounted them: read from the adapter, so that the global prefix and its
 * exclusions, the prefixes of RouterModule, versions, renamed and switched-off endpoints are all in it. Input gate, links
 * and pages ask here and nowhere else.
 *
 * Routes are known from `onModuleInit` on; nothing asks earlier.
 */
@Injectable()
export class Routes implements OnModuleInit {
  private readonly onFastify: MountedRoute[] = [];
  private found?: readonly MountedRoute[];

  /** @internal Nest makes it. */
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly application: ApplicationConfig,
    @Inject(PLANNED_ROUTES) private readonly planned: readonly PlannedRoute[],
    @Inject(AUTH_CONFIG) private readonly config: Pick<AuthConfig, 'routes'>,
  ) {
    // Fastify tells of routes only while they are registered; the adapter exists before any is.
    adapterHost.init$.subscribe(() => this.listen());
  }

  /** False in an application context and in a microservice, which serve no endpoint at all. */
  get hasHttp(): boolean {
    // Nest passes null there, and nothing at all where a test initialises a module, whatever the type says.
    return Boolean(this.adapterHost.httpAdapter);
  }

  /**
   * @throws Error where an endpoint is served at no route we know: the input gate would not stand before it
   * @throws AuthStartUpError for a version in an application whose paths have none
   */
  onModuleInit(): void {
    if (!this.hasHttp) return;
    if (this.config.routes.version !== undefined && this.application.getVersioning()?.type !== VersioningType.URI) {
      throw new AuthStartUpError([
        problemAt(
          'routes.version',
          'is set, but the application has no URI versioning, and a mailed link can name its version nowhere else',
          'Call app.enableVersioning({ type: VersioningType.URI }), or leave the version out.',
        ),
      ]);
    }
    const lost = this.planned.map(({ endpoint }) => endpoint.key).filter((key) => !this.find(key));
    if (lost.length > 0) {
      throw new Error(
        `The adapter tells of no route for ${lost.join(', ')}: use Express 5 or Fastify 5 as Nest 12 does.`,
      );
    }
  }

  /** Every mounted endpoint, fixed paths first: `password-reset/request` is also of the form `password-reset/:token`. */
  get all(): readonly MountedRoute[] {
    return (this.found ??= this.collect().toSorted(byParameters));
  }

  /** Where an endpoint is; undefined where it is switched off, or belongs to another mode, or there is no HTTP at all. */
  find(key: string): MountedRoute | undefined {
    return this.all.find(({ endpoint }) => endpoint.key === key);
  }

  /**
   * The path of an endpoint as a client of this server writes it, its parameters filled in and percent-encoded:
   * `pathTo('activationPage', { token })` is `/api/v1/auth/activate/…`.
   * @throws Error where the endpoint is not mounted or a parameter is missing
   */
  pathTo(key: string, params: Readonly<Record<string, string>> = {}): string {
    const route = this.find(key);
    if (!route) throw new Error(`The endpoint ${key} is not mounted.`);
    return fillPath(this.pathOf(route), params);
  }

  /** The same with `:name` for the parameters. */
  pathOf({ template }: MountedRoute): string {
    return this.parentPath() + template;
  }

  private listen(): void {
    if (!this.isFastify()) return;
    this.adapterHost.httpAdapter.getInstance<FastifyApplication>().addHook('onRoute', ({ url, method, config }) => {
      const endpoint = config?.authEndpoint;
      // Fastify mounts HEAD beside each GET.
      if (endpoint && method === endpoint.method) this.onFastify.push(this.mounted(endpoint, url));
    });
  }

  private collect(): MountedRoute[] {
    if (!this.hasHttp || this.isFastify()) return this.onFastify;
    const { router } = this.adapterHost.httpAdapter.getInstance<ExpressApplication>();
    return router.stack.flatMap(({ route }) => {
      const endpoint = route?.stack.map(({ handle }) => endpointOf(handle)).find((found) => found !== undefined);
      return endpoint ? [this.mounted(endpoint, String(route?.path))] : [];
    });
  }

  private mounted(endpoint: Endpoint, template: string): MountedRoute {
    const path = this.planned.find((route) => route.endpoint === endpoint)?.path ?? '';
    return { endpoint, path, template };
  }

  private isFastify(): boolean {
    return this.hasHttp && this.adapterHost.httpAdapter.getType() === 'fastify';
  }

  /** An Express application may be mounted in another one: `parent.use('/accounts', app.getHttpAdapter().getInstance())`. */
  private parentPath(): string {
    if (this.isFastify()) return '';
    return this.adapterHost.httpAdapter.getInstance<ExpressApplication>().path();
  }
}

function byParameters(a: MountedRoute, b: MountedRoute): number {
  return Number(a.template.includes(':')) - Number(b.template.includes(':'));
}

function fillPath(template: string, params: Readonly<Record<string, string>>): string {
  return template.replace(/:(\w+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`The path ${template} needs the parameter ${name}.`);
    return encodeURIComponent(value);
  });
}
