type OpenTelemetry = typeof import('@opentelemetry/api');

/** Under this name every span and every measurement of the module goes. */
export const SCOPE = 'nestjs-gatehouse';

let library: OpenTelemetry | undefined;

/** Loads @opentelemetry/api, where it is installed; to be awaited at start, since spans cannot wait for it. */
export async function loadOpenTelemetry(): Promise<OpenTelemetry | undefined> {
  library ??= await optional(() => import('@opentelemetry/api'));
  return library;
}

/** The library, once it is loaded. */
export function openTelemetry(): OpenTelemetry | undefined {
  return library;
}

/** A package the application may do without; any failure but its absence is one. */
export async function optional<T>(load: () => Promise<T>): Promise<T | undefined> {
  try {
    return await load();
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
