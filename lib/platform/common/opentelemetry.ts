import { optionalPackage } from './optional-package.js';

type OpenTelemetry = typeof import('@opentelemetry/api');

/** Under this name every span and every measurement of the module goes. */
export const SCOPE = 'nestjs-gatehouse';

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
