import type { AuthConfig } from '../../platform/config/auth-config.js';

/** A link as the document shows one, where answers have links (mode C); else null. */
export function exampleLink({ returnLinkInResponse }: AuthConfig, page: string): string | null {
  return returnLinkInResponse ? `https://app.example.com/${page}?token=<token>` : null;
}
