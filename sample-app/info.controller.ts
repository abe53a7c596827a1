import { Controller, Get, Inject, Optional } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { ApplicationConfig } from '@nestjs/core';
import { AUTH_CONFIG, type AuthConfig, MODES, Routes } from 'nestjs-gatehouse';

/** What the page wants to know. */
interface Info {
  mode: string;
  mode_name: string;
  token_delivery: string;
  mail_catcher_url: string | null;
  /** Where the keys are that verify access tokens; null while none are published. */
  jwks_url: string | null;
  /** The global prefix, e.g. `/api/v1`, or nothing. */
  prefix: string;
  /** By the names of docs/routes.md. */
  routes: Record<string, { method: string; path: string }>;
}

/** What the page wants to know of the application. */
@Controller()
export class InfoController {
  constructor(
    @Inject(AUTH_CONFIG) private readonly auth: AuthConfig,
    private readonly env: ConfigService,
    private readonly application: ApplicationConfig,
    // Level none has no routes.
    @Optional() private readonly routes?: Routes,
  ) {}

  /** What the application is like: its mode, where its routes are, and where its mails can be read. */
  @Get('sample/info')
  info(): Info {
    const { mode, tokenDelivery, jwt } = this.auth;
    const routes = this.mountedRoutes();
    return {
      mode,
      mode_name: MODES[mode].name,
      token_delivery: tokenDelivery,
      mail_catcher_url: this.env.get<string>('SAMPLE_MAIL_CATCHER_URL') || null,
      jwks_url: (!jwt.algorithm.startsWith('HS') && routes['jwks']?.path) || null,
      prefix: this.application.getGlobalPrefix().replace(/^\/?(?=.)/, '/'),
      routes,
    };
  }

  private mountedRoutes(): Info['routes'] {
    const mounted = this.routes?.all ?? [];
    return Object.fromEntries(
      mounted.map((route) => [route.endpoint.key, { method: route.endpoint.method, path: this.routes!.pathOf(route) }]),
    );
  }
}
