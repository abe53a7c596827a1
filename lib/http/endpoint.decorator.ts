import {
  applyDecorators,
  HttpCode,
  RequestMapping,
  RequestMethod,
  UseGuards,
  Version,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { CrossSiteGuard } from '../delivery/cross-site.guard.js';
import type { Endpoint as EndpointEntry } from './endpoint.js';
import { type EndpointKey, ENDPOINTS } from './endpoints.js';

/**
 * Makes a controller method the handler of an endpoint: method, path and status of a success come from
 * {@link ENDPOINTS}. The controller itself is a plain `@Controller()`. The route is version-neutral: an application
 * that versions its own routes keeps these where the input gate and the mailed links expect them.
 */
export function Endpoint(key: EndpointKey): MethodDecorator {
  const { method, path, status }: EndpointEntry = ENDPOINTS[key];
  return applyDecorators(
    RequestMapping({ method: RequestMethod[method], path }),
    HttpCode(status),
    Version(VERSION_NEUTRAL),
    UseGuards(CrossSiteGuard),
  );
}
