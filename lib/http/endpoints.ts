import { RequestMethod } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { ACTIVATION_ENDPOINTS } from '../activation/activation.endpoints.js';
import { LOGIN_ENDPOINTS } from '../login/login.endpoints.js';
import { PASSWORD_CHANGE_ENDPOINTS } from '../password-change/password-change.endpoints.js';
import { PASSWORD_RESET_ENDPOINTS } from '../password-reset/password-reset.endpoints.js';
import { PROFILE_ENDPOINTS } from '../profile/profile.endpoints.js';
import { SESSION_ENDPOINTS } from '../session/session.endpoints.js';
import { SIGNUP_ENDPOINTS } from '../signup/signup.endpoints.js';
import type { Endpoint } from './endpoint.js';

/**
 * Every route of the module, flow by flow, in the order of the reference. Nothing else in the package spells out a path.
 */
export const ENDPOINTS = {
  ...SIGNUP_ENDPOINTS,
  ...ACTIVATION_ENDPOINTS,
  ...LOGIN_ENDPOINTS,
  ...SESSION_ENDPOINTS,
  ...PASSWORD_RESET_ENDPOINTS,
  ...PASSWORD_CHANGE_ENDPOINTS,
  ...PROFILE_ENDPOINTS,
} as const satisfies Record<string, Endpoint>;

/** The name of an endpoint. */
export type EndpointKey = keyof typeof ENDPOINTS;

/**
 * The path of an endpoint with its parameters filled in and percent-encoded, below the global prefix and without a
 * leading slash: `endpointPath('activationPage', { token })` is `auth/activate/…`.
 * @throws Error where a parameter of the path is missing
 */
export function endpointPath(key: EndpointKey, params: Readonly<Record<string, string>> = {}): string {
  return fillPath(ENDPOINTS[key].path, params);
}

/**
 * The same, from the root of the server: with the application's global prefix, unless the application excluded the
 * route from it. Read it after start: applications set the prefix when the module already exists.
 */
export function mountedPath(
  key: EndpointKey,
  application: Pick<ApplicationConfig, 'getGlobalPrefix' | 'getGlobalPrefixOptions'>,
  params: Readonly<Record<string, string>> = {},
): string {
  return fillPath(mountedTemplate(ENDPOINTS[key], application), params);
}

/** Where Nest mounts an endpoint, with `:name` for its parameters, e.g. `/api/v1/auth/activate/:token`. */
export function mountedTemplate(
  endpoint: Endpoint,
  application: Pick<ApplicationConfig, 'getGlobalPrefix' | 'getGlobalPrefixOptions'>,
): string {
  const path = `/${endpoint.path}`;
  const prefix = application.getGlobalPrefix().replace(/^\/|\/$/g, '');
  const isExcluded = application
    .getGlobalPrefixOptions()
    .exclude?.some(
      ({ requestMethod, pathRegex }) =>
        (requestMethod === RequestMethod.ALL || requestMethod === RequestMethod[endpoint.method]) &&
        pathRegex.test(path),
    );
  return prefix && !isExcluded ? `/${prefix}${path}` : path;
}

function fillPath(template: string, params: Readonly<Record<string, string>>): string {
  return template.replace(/:(\w+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`The path ${template} needs the parameter ${name}.`);
    return encodeURIComponent(value);
  });
}
