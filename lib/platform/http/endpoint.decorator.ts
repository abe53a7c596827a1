import { applyDecorators, HttpCode, SetMetadata, UseGuards } from '@nestjs/common';
import { CrossSiteGuard } from './cross-site.guard.js';
import { type EndpointKey, ENDPOINTS } from '../../module/endpoints.js';

const ENDPOINT = Symbol('ENDPOINT');

/**
 * Makes a controller method the handler of an endpoint. The status of a success comes from {@link ENDPOINTS}, method
 * and path when the controller is mounted (`mountController`). The controller itself is a plain `@Controller()`.
 */
export function Endpoint(key: EndpointKey): MethodDecorator {
  return applyDecorators(SetMetadata(ENDPOINT, key), HttpCode(ENDPOINTS[key].status), UseGuards(CrossSiteGuard));
}

/** The endpoint a function handles; undefined for any other function. */
export function endpointOf(handler: object): EndpointKey | undefined {
  return Reflect.getMetadata(ENDPOINT, handler) as EndpointKey | undefined;
}
