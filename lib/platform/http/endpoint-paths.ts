import { nearestName } from '../common/nearest-name.js';
import type { RouteChoice } from '../config/settings/route-settings.js';
import type { StartUpProblem } from '../config/start-up-error.js';
import type { Endpoint, Endpoints } from './endpoint.js';

/**
 * The paths of the endpoints in one application, by their names: below its prefixes, without a leading slash; false for an
 * endpoint that is switched off.
 */
export type EndpointPaths<K extends string = string> = Readonly<Record<K, string | false>>;

/** Letters, digits and the marks of RFC 3986's unreserved set, or a parameter; `.` and `..` would be another path. */
const SEGMENT = /^(?!\.\.?$)(?:[A-Za-z0-9._~-]+|:\w+)$/;

/**
 * The paths of those endpoints by those settings: a preset, and what the application changed in it. Never throws: a path
 * that cannot be used counts as not given, and {@link pathProblems}, to which the same settings go, reports it.
 */
export function pathsOf<K extends string>(
  endpoints: Endpoints<K>,
  { preset, paths = {} }: Partial<RouteChoice>,
): EndpointPaths<K> {
  const entries = Object.values<Endpoint>(endpoints).map((endpoint) => {
    const given = Object.hasOwn(paths, endpoint.key) ? paths[endpoint.key] : undefined;
    const isUsable = given !== undefined && !faultOf(endpoint, given);
    return [endpoint.key, isUsable ? given : presetPath(endpoint, preset)] as const;
  });
  return Object.fromEntries(entries) as EndpointPaths<K>;
}

function presetPath({ path, forgePath = path }: Endpoint, preset: RouteChoice['preset'] | undefined): string {
  return preset === 'forge' ? forgePath : path;
}

/** Everything wrong with the paths an application states: names nobody has, paths no server can serve, collisions. */
export function pathProblems(endpoints: Endpoints, settings: Partial<RouteChoice>): StartUpProblem[] {
  const given = Object.entries(settings.paths ?? {}).filter(([, path]) => path !== undefined);
  const faults = given.flatMap(([key, path]) => {
    const endpoint = Object.hasOwn(endpoints, key) ? endpoints[key] : undefined;
    const fault = endpoint ? faultOf(endpoint, path) : unknownEndpoint(key, endpoints);
    return fault ? [{ path: `routes.paths.${key}`, ...fault }] : [];
  });
  const usual = pathsOf(endpoints, { preset: settings.preset });
  return [...faults, ...collisions(Object.values(endpoints), pathsOf(endpoints, settings), usual)];
}

type Fault = Pick<StartUpProblem, 'message' | 'fix'>;

function unknownEndpoint(key: string, endpoints: Endpoints): Fault {
  return {
    message: 'is not an endpoint, and would be ignored',
    fix: `Write ${nearestName(key, Object.keys(endpoints))}, if that is what was meant; docs/routes.md lists every endpoint.`,
  };
}

function faultOf({ path: usual }: Endpoint, path: unknown): Fault | undefined {
  if (path === false) return undefined;
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
function collisions(endpoints: readonly Endpoint[], paths: EndpointPaths, usual: EndpointPaths): StartUpProblem[] {
  return endpoints.flatMap((endpoint, index) =>
    endpoints
      .slice(0, index)
      // What overlaps in the preset is in order there: fixed paths are mounted before those with a parameter.
      .filter((other) => collide(paths, endpoint, other) && !collide(usual, endpoint, other))
      .map((other) => ({
        path: `routes.paths.${endpoint.key}`,
        message: `takes the same requests as ${other.key}, so that one of the two would never be reached`,
        fix: 'Give them paths that differ in a segment without a parameter.',
      })),
  );
}

function collide(paths: EndpointPaths, one: Endpoint, other: Endpoint): boolean {
  const [a, b] = [paths[one.key], paths[other.key]];
  return typeof a === 'string' && typeof b === 'string' && one.method === other.method && overlap(a, b);
}

/** True where one request fits both; Express compares without regard to case. */
function overlap(a: string, b: string): boolean {
  const [left, right] = [a.toLowerCase().split('/'), b.toLowerCase().split('/')];
  const fits = (segment: string, at: number) =>
    segment === right[at] || segment.startsWith(':') || right[at]!.startsWith(':');
  return left.length === right.length && left.every(fits);
}
