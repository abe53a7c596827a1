import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { statesToken } from './bearer.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import { isSafe, refuseForeign, type SiteRequest } from './request-site.js';

/**
 * Where answers set cookies, every route of the module that changes something is closed to pages of other sites, signed
 * in or not: one that logs a visitor in to an account of its own would read along ever after (login CSRF). A request
 * that states a bearer token is let through, because no site can add that header without CORS consent. Another scheme
 * shows nothing: browsers repeat the password of a proxy (`Basic`) with whatever any site makes them send.
 */
@Injectable()
export class CrossSiteGuard implements CanActivate {
  constructor(@Inject(AUTH_CONFIG) private readonly config: AuthConfig) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<SiteRequest>();
    const isOpen = this.config.tokenDelivery === 'bearer' || statesToken(request.headers['authorization']);
    if (!isOpen && !isSafe(request)) refuseForeign(request, this.config);
    return true;
  }
}
