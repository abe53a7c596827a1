import { boolean, type SettingGroup } from '../setting.js';

/** How a client receives its tokens: in the JSON body, in cookies, or in both. */
export type TokenDeliveryMode = 'bearer' | 'cookie' | 'both';

/** The cookies that carry tokens. */
export interface CookieOptions {
  /** SameSite of the cookies: lax, strict or none; none is for a front end on another site. `AUTH_COOKIE_SAME_SITE`. @default lax */
  sameSite: 'lax' | 'strict' | 'none';
  /** False drops Secure and the name prefixes that need it, for plain http; never in production. `AUTH_COOKIE_SECURE`. @default true */
  secure: boolean;
}

/** Token delivery. */
export const DELIVERY_SETTINGS: readonly SettingGroup[] = [
  {
    title: 'Token delivery',
    settings: [
      {
        path: 'tokenDelivery',
        env: 'AUTH_TOKEN_DELIVERY',
        kind: 'choice',
        values: ['bearer', 'cookie', 'both'],
        default: 'bearer',
        doc: 'How tokens reach the client and come back: bearer (JSON and Authorization header), cookie, or both.',
      },
      {
        path: 'cookie.sameSite',
        env: 'AUTH_COOKIE_SAME_SITE',
        kind: 'choice',
        values: ['lax', 'strict', 'none'],
        default: 'lax',
        doc: 'SameSite of the cookies: lax, strict or none; none is for a front end on another site.',
      },
      {
        path: 'cookie.secure',
        env: 'AUTH_COOKIE_SECURE',
        ...boolean(true),
        doc: 'False drops Secure and the name prefixes that need it, for plain http; never in production.',
      },
      {
        path: 'trustedOrigins',
        env: 'AUTH_TRUSTED_ORIGINS',
        kind: 'origins',
        default: [],
        defaultText: 'none',
        doc: 'Origins besides its own whose pages may act with the cookies, e.g. `https://app.example.com`; in a variable, separated by commas.',
      },
    ],
  },
];
