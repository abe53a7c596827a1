import type { AuthConfigRoutes } from '../config/settings/route-settings.js';
import type { StartUpProblem } from '../config/start-up-error.js';
import { nearestName } from '../common/nearest-name.js';
import type { Endpoint } from './endpoint.js';
import { type EndpointKey, ENDPOINTS } from '../../module/endpoints.js';

/** Where the endpoints of one application are, below its prefixes: a preset, and what the application changed in it. */
export interface RouteTable {
  /** By endpoint, without a leading slash; false for one that is switched off. */
  readonly paths: Readonly<Record<EndpointKey, string | false>>;
  /** The version they belong to; without one they stand outside the versions of the application. */
  readonly version?: string;
}

const KEYS = Object.keys(ENDPOINTS) as EndpointKey[];

/** Letters, digits and the marks of RFC 3986's unreserved set, or a parameter; `.` and `..` would be another path. */
const SEGMENT = /^(?!\.\.?$)(?:[A-Za-z0-9._~-]+|:\w+)$/;

/**
 * The table of those settings. Never throws: a path that cannot be used counts as not given, and
 * {@link routeProblems}, to which the same settings go, reports it.
 */
export function routeTable({ preset = 'default', paths = {}, version }: Partial<AuthConfigRoutes>): RouteTable {
  const path = (key: EndpointKey): string | false => {
    const given = Object.hasOwn(paths, key) ? paths[key] : undefined;
    return given !== undefined && !faultOf(key, given) ? given : presetPath(key, preset);
  };
  const entries = KEYS.map((key) => [key, path(key)] as const);
  return { paths: Object.fromEntries(entries) as RouteTable['paths'], version };
}

/** The path of an endpoint in a preset. */
export function presetPath(key: EndpointKey, preset: AuthConfigRoutes['preset']): string {
  const { path, forgePath = path }: Endpoint = ENDPOINTS[key];
  return preset === 'forge' ? forgePath : path;
}

/** Everything wrong with the paths an application states: names nobody has, paths no server can serve, collisions. */
export function routeProblems(settings: Partial<AuthConfigRoutes>): StartUpProblem[] {
  const given = Object.entries(settings.paths ?? {}).filter(([, path]) => path !== undefined);
  const faults = given.flatMap(([key, path]) => {
    const fault = isEndpoint(key) ? faultOf(key, path) : unknownEndpoint(key);
    return fault ? [{ path: `routes.paths.${key}`, ...fault }] : [];
  });
  return [...faults, ...collisions(routeTable(settings), routeTable({ preset: settings.preset }))];
}

type Fault = Pick<StartUpProblem, 'message' | 'fix'>;

function isEndpoint(key: string): key is EndpointKey {
  return Object.hasOwn(ENDPOINTS, key);
}

function unknownEndpoint(key: string): Fault {
  return {
    message: 'is not an endpoint, and would be ignored',
    fix: `Write ${nearestName(key, KEYS)}, if that is what was meant; docs/routes.md lists every endpoint.`,
  };
}

function faultOf(key: EndpointKey, path: unknown): Fault | undefined {
  if (path === false) return undefined;
  const { path: usual } = ENDPOINTS[key];
  if (typeof path !== 'string') {
    return {
      message: 'is neither a path nor false',
      fix: `Pass a path such as '${usual}', or false to switch it off.`,
    };
  }
  if (/^\/|\/$/.test(path)) {
    return {
      message: 'begins or ends with a slash; it stands below the prefixes of the application',
      fix: `Write it like '${usual}'.`,
    };
  }
  if (!path.split('/').every((segment) => SEGMENT.test(segment))) {
    return {
      message: 'is not a path that every server and mail client leaves as it is',
      fix: `Use letters, digits, ".", "_", "~" and "-" between single slashes, like '${usual}'.`,
    };
  }
  if (params(path).join() === params(usual).join()) return undefined;
  const wanted = params(usual).join(' and ');
  return wanted
    ? { message: `needs ${wanted} once, and no other parameter`, fix: `Write it like '${usual}'.` }
    : { message: 'has a parameter, which nothing would read', fix: `Write it like '${usual}'.` };
}

function params(path: string): string[] {
  return path.match(/:\w+/g)?.toSorted() ?? [];
}

/** Two endpoints a request could not tell apart: the router would pick one and never reach the other. */
function collisions({ paths }: RouteTable, usual: RouteTable): StartUpProblem[] {
  return KEYS.flatMap((key, index) =>
    KEYS.slice(0, index)
      // What overlaps in the preset is in order there: fixed paths are mounted before those with a parameter.
      .filter((other) => collide(paths, key, other) && !collide(usual.paths, key, other))
      .map((other) => ({
        path: `routes.paths.${key}`,
        message: `takes the same requests as ${other}, so that one of the two would never be reached`,
        fix: 'Give them paths that differ in a segment without a parameter.',
      })),
  );
}

function collide(paths: RouteTable['paths'], key: EndpointKey, other: EndpointKey): boolean {
  const [a, b] = [paths[key], paths[other]];
  return a !== false && b !== false && ENDPOINTS[key].method === ENDPOINTS[other].method && overlap(a, b);
}

/** True where one request fits both; Express compares without regard to case. */
function overlap(a: string, b: string): boolean {
  const [left, right] = [a.toLowerCase().split('/'), b.toLowerCase().split('/')];
  const fits = (segment: string, at: number) =>
    segment === right[at] || segment.startsWith(':') || right[at]!.startsWith(':');
  return left.length === right.length && left.every(fits);
}
