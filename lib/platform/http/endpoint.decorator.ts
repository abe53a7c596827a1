import { applyDecorators, HttpCode, SetMetadata, UseGuards } from '@nestjs/common';
import { CrossSiteGuard } from './cross-site.guard.js';
import type { Endpoint as EndpointOfFlow } from './endpoint.js';

const ENDPOINT = Symbol('ENDPOINT');

/**
 * Makes a controller method the handler of an endpoint: `@Endpoint(LOGIN_ENDPOINTS.login)`. The status of a success comes
 * from the endpoint, method and path when the controller is mounted (`mountController`). The controller itself is a plain
 * `@Controller()`.
 */
export function Endpoint(endpoint: EndpointOfFlow): MethodDecorator {
  return applyDecorators(SetMetadata(ENDPOINT, endpoint), HttpCode(endpoint.status), UseGuards(CrossSiteGuard));
}

/** The endpoint a function handles; undefined for any other function. */
export function endpointOf(handler: object): EndpointOfFlow | undefined {
  return Reflect.getMetadata(ENDPOINT, handler) as EndpointOfFlow | undefined;
}
