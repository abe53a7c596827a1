import type { Endpoint } from '../../lib/platform/http/endpoint.js';
import { type EndpointKey, ENDPOINTS } from '../../lib/module/flows.js';
import { PASSWORD } from './password.js';

/** A well-formed link token that no link has. */
export const UNKNOWN_TOKEN = 'x'.repeat(64);

/** A value that passes validation for every field of every endpoint. */
const SAMPLES: Record<string, string> = {
  email: 'nobody@example.com',
  username: 'nobody',
  password: PASSWORD,
  new_password: PASSWORD,
  confirm_password: PASSWORD,
  current_password: PASSWORD,
  new_email: 'somebody@example.com',
  name: 'Ann',
  token: UNKNOWN_TOKEN,
  refresh_token: 'a.b.c',
};

/** Every endpoint of the module, so that a new one cannot be forgotten. */
export const ALL_ENDPOINTS = Object.entries(ENDPOINTS) as [EndpointKey, Endpoint][];

/** The endpoints a mode mounts: pages only where the back end renders them. */
export function endpointsOf(mode: 'A' | 'E'): [EndpointKey, Endpoint][] {
  return ALL_ENDPOINTS.filter(([, { pages }]) => mode === 'E' || !pages);
}

/** A body of an endpoint that passes validation: each field but those that stand in place of another one. */
export function validBody({ request }: Endpoint): Record<string, string> {
  const fields = Object.keys(request).filter((field) => !request[field]!.startsWith('Instead of'));
  return Object.fromEntries(
    fields.map((field) => {
      if (!(field in SAMPLES)) throw new Error(`Give the field ${field} a sample in test/support/every-endpoint.ts`);
      return [field, SAMPLES[field]!];
    }),
  );
}

/** The path of an endpoint, with a token of one's choice in the place of every parameter. */
export function pathOf({ path }: Endpoint, token: string = UNKNOWN_TOKEN): string {
  return `/${path.replace(/:\w+/g, () => token)}`;
}
