import type { INestApplicationContext } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { TokenCookies } from '../../engine/access/token-cookies.js';
import { hasCookies } from './operation.js';

/** A way to prove who asks, in the words of OpenAPI. A type, not an interface: builders take schemes with extensions. */
export type AuthSecurityScheme = {
  type: 'http' | 'apiKey';
  description: string;
  scheme?: 'bearer';
  bearerFormat?: 'JWT';
  in?: 'cookie';
  name?: string;
};

/** The part of the `DocumentBuilder` of @nestjs/swagger that {@link addAuthSecurity} uses. */
export interface SecurityBuilder {
  addSecurity(name: string, scheme: AuthSecurityScheme): unknown;
}

/**
 * Adds the security schemes that the operations of the module name: `bearer`, and where cookies carry the tokens
 * `cookie` and `refresh_cookie`, by the names the cookies have in this application.
 *
 *     const config = addAuthSecurity(new DocumentBuilder().setTitle('Example'), app).build();
 */
export function addAuthSecurity<B extends SecurityBuilder>(builder: B, app: INestApplicationContext): B {
  builder.addSecurity('bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The access token of a login.',
  });
  if (!hasCookies(app.get<AuthConfig>(AUTH_CONFIG, { strict: false }))) return builder;
  const cookies = app.get(TokenCookies, { strict: false });
  builder.addSecurity('cookie', cookie(cookies.nameOf('access'), 'The access token, as a login set it.'));
  builder.addSecurity('refresh_cookie', cookie(cookies.nameOf('refresh'), 'The refresh token, as a login set it.'));
  return builder;
}

function cookie(name: string, description: string): AuthSecurityScheme {
  return { type: 'apiKey', in: 'cookie', name, description };
}
