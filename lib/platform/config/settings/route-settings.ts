import type { EndpointKey } from '../../../module/endpoints.js';
import type { SettingGroup } from '../setting.js';

/** The sets of paths that come with the package, by name. */
export const ROUTE_PRESETS = ['default', 'forge'] as const;

/** A set of paths that comes with the package. */
export type RoutePreset = (typeof ROUTE_PRESETS)[number];

/** Paths by endpoint, below the application's prefixes and without a leading slash; false switches an endpoint off. */
export type RoutePaths = { readonly [Key in EndpointKey]?: string | false };

/** Where the endpoints are. */
export interface AuthConfigRoutes {
  /** The set of paths to start from: `default` or `forge`. `AUTH_ROUTES`. @default default */
  preset: RoutePreset;
  /** Other paths for single endpoints, by their names; `false` switches one off. @default none */
  paths: RoutePaths;
  /** The version of the routes in an application with URI versioning, e.g. `1`. @default none */
  version: string;
}

/** Where the endpoints are. */
export const ROUTE_SETTINGS: readonly SettingGroup[] = [
  {
    title: 'Routes',
    settings: [
      {
        path: 'routes.preset',
        env: 'AUTH_ROUTES',
        kind: 'choice',
        level: 'basic',
        default: 'default',
        values: ROUTE_PRESETS,
        doc: 'The set of paths to start from: `default` or `forge`.',
      },
      {
        path: 'routes.paths',
        kind: 'paths',
        level: 'basic',
        doc: 'Other paths for single endpoints, by their names; `false` switches one off.',
      },
      {
        path: 'routes.version',
        kind: 'version',
        level: 'basic',
        doc: 'The version of the routes in an application with URI versioning, e.g. `1`.',
      },
    ],
  },
];
