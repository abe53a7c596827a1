import type { SettingGroup } from '../setting.js';

/** The sets of paths that come with the package, by name. */
export const ROUTE_PRESETS = ['default', 'forge'] as const;

/** A set of paths that comes with the package. */
export type RoutePreset = (typeof ROUTE_PRESETS)[number];

/** Where the application wants the endpoints. */
export interface RouteChoice {
  readonly preset: RoutePreset;
  /** By the name of an endpoint; whether there is one of that name is not known here. */
  readonly paths?: Readonly<Record<string, string | false | undefined>>;
  readonly version?: string;
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
