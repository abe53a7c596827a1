import { optionalPackage } from './optional-package.js';

/** The library. */
export type OpenTelemetry = typeof import('@opentelemetry/api');

/** Under this name every span and every measurement of the module goes. */
export const SCOPE = 'nestjs-gatehouse';

/** Seconds: from a statement, by a hash of 20 to 500 ms, to whoever waits for a full queue or a slow mail server. */
export const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

let library: OpenTelemetry | undefined;

/** Loads @opentelemetry/api, where it is installed; to be awaited at start, since spans cannot wait for it. */
export async function loadOpenTelemetry(): Promise<OpenTelemetry | undefined> {
  library ??= await optionalPackage('@opentelemetry/api', () => import('@opentelemetry/api'));
  return library;
}

/** The library, once it is loaded. */
export function openTelemetry(): OpenTelemetry | undefined {
  return library;
}
