import type { RoutePreset } from '../../platform/config/settings/route-settings.js';
import type { EndpointKey } from '../flows.js';

/** Paths by endpoint, below the application's prefixes and without a leading slash; false switches an endpoint off. */
export type RoutePaths = { readonly [Key in EndpointKey]?: string | false };

/** Where the endpoints are. */
export interface RouteOptions {
  /** The set of paths to start from: `default` or `forge`. `AUTH_ROUTES`. @default default */
  preset: RoutePreset;
  /** Other paths for single endpoints, by their names; `false` switches one off. @default none */
  paths: RoutePaths;
  /** The version of the routes in an application with URI versioning, e.g. `1`. @default none */
  version: string;
}
