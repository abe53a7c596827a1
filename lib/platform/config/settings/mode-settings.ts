import { LEVELS } from '../levels.js';
import { boolean, type SettingGroup } from '../setting.js';

/** Level and mode, and where the application is. */
export const MODE_SETTINGS: readonly SettingGroup[] = [
  {
    title: 'Level',
    settings: [
      {
        path: 'level',
        env: 'AUTH_LEVEL',
        kind: 'choice',
        values: LEVELS,
        default: 'complete',
        level: 'none',
        doc: 'How much of the module is mounted: none, basic or complete.',
      },
    ],
  },
  {
    title: 'Mode',
    settings: [
      { path: 'mode', env: 'AUTH_MODE', kind: 'mode', default: 'A', doc: 'The preset, by letter or name.' },
      {
        path: 'autoActivate',
        env: 'AUTH_AUTO_ACTIVATE',
        kind: 'boolean',
        defaultText: 'by mode',
        doc: 'True makes a signup an active account at once, without mail.',
      },
      {
        path: 'returnLinkInResponse',
        env: 'AUTH_RETURN_TOKEN_IN_RESPONSE',
        kind: 'boolean',
        defaultText: 'by mode',
        doc: 'True puts links in the JSON answer of signup and reset request; never in production.',
      },
      {
        path: 'backendLinks',
        env: 'AUTH_BACKEND_LINKS',
        kind: 'boolean',
        defaultText: 'by mode',
        doc: 'True makes e-mailed links open pages this back end renders.',
      },
      {
        path: 'allowUnsafeMode',
        env: 'AUTH_ALLOW_UNSAFE_MODE',
        ...boolean(false),
        doc: 'True lets the unsafe modes C and D start with NODE_ENV=production.',
      },
    ],
  },
  {
    title: 'Addresses',
    settings: [
      {
        path: 'publicUrl',
        env: 'AUTH_PUBLIC_URL',
        kind: 'origin',
        doc: 'Origin of the back end as users see it, e.g. `https://api.example.com`; mode E builds its links on it.',
      },
      {
        path: 'loginUrl',
        env: 'AUTH_LOGIN_URL',
        kind: 'url',
        doc: 'Where the "Go to login" button of the pages leads; no button when unset.',
      },
    ],
  },
];
