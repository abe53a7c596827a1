import { boolean, DAY, integer, type SettingGroup } from '../setting.js';

/** How often what can be guessed or abused may be tried. A budget of 0 switches its rule off. */
export interface LimitOptions {
  /** What is done with a try too many: on refuses it, observe only tells of it, off counts nothing; off is never for production. `AUTH_LIMITS`. @default on */
  mode: 'on' | 'observe' | 'off';
  /** Wrong passwords for one account in a row before each further try has to wait; 0 sets no limit. `AUTH_LIMITS_LOGIN_TRIES`. @default 5 */
  loginTries: number;
  /** Seconds of the first wait, which doubles with each further try. `AUTH_LIMITS_LOGIN_WAIT_SECONDS`. @default 1 */
  loginWaitSeconds: number;
  /** Seconds of the longest wait. `AUTH_LIMITS_LOGIN_LONGEST_WAIT_SECONDS`. @default 900 */
  loginLongestWaitSeconds: number;
  /** Wrong passwords in a row after which only a mailed reset, or a month, opens the account to its password again. `AUTH_LIMITS_LOGIN_MOST_TRIES`. @default 100 */
  loginMostTries: number;
  /** Wrong passwords an hour from one address of the network, whatever the account; 0 sets no limit. `AUTH_LIMITS_LOGIN_PER_ADDRESS`. @default 20 */
  loginPerAddress: number;
  /** Mails an hour to one mailbox that strangers can cause; what is over it is answered as ever, and not sent; 0 sets no limit. `AUTH_LIMITS_MAILS_PER_MAILBOX`. @default 5 */
  mailsPerMailbox: number;
  /** Signups and requests for mail an hour from one address of the network; 0 sets no limit. `AUTH_LIMITS_MAILS_PER_ADDRESS`. @default 20 */
  mailsPerAddress: number;
  /** Links and refresh tokens an hour from one address of the network that are no good; 0 sets no limit. `AUTH_LIMITS_TOKENS_PER_ADDRESS`. @default 300 */
  tokensPerAddress: number;
  /** True leaves a cookie with whoever logged in, by which strangers' wrong passwords do not make them wait. `AUTH_DEVICE_COOKIE`. @default true */
  deviceCookie: boolean;
}

/** Limits. */
export const LIMIT_SETTINGS: readonly SettingGroup[] = [
  {
    title: 'Limits',
    settings: [
      {
        path: 'limits.mode',
        env: 'AUTH_LIMITS',
        level: 'basic',
        kind: 'choice',
        values: ['on', 'observe', 'off'],
        default: 'on',
        doc: 'What is done with a try too many: on refuses it, observe only tells of it, off counts nothing; off is never for production.',
      },
      {
        path: 'limits.loginTries',
        env: 'AUTH_LIMITS_LOGIN_TRIES',
        level: 'basic',
        ...integer('tries', 5, 0, 100),
        doc: 'Wrong passwords for one account in a row before each further try has to wait; 0 sets no limit.',
      },
      {
        path: 'limits.loginWaitSeconds',
        env: 'AUTH_LIMITS_LOGIN_WAIT_SECONDS',
        level: 'basic',
        ...integer('seconds', 1, 1, 3600),
        doc: 'Seconds of the first wait, which doubles with each further try.',
      },
      {
        path: 'limits.loginLongestWaitSeconds',
        env: 'AUTH_LIMITS_LOGIN_LONGEST_WAIT_SECONDS',
        level: 'basic',
        ...integer('seconds', 900, 1, DAY),
        doc: 'Seconds of the longest wait.',
      },
      {
        path: 'limits.loginMostTries',
        env: 'AUTH_LIMITS_LOGIN_MOST_TRIES',
        level: 'basic',
        ...integer('tries', 100, 1, 500),
        doc: 'Wrong passwords in a row after which only a mailed reset, or a month, opens the account to its password again.',
      },
      {
        path: 'limits.loginPerAddress',
        env: 'AUTH_LIMITS_LOGIN_PER_ADDRESS',
        level: 'basic',
        ...integer('tries an hour', 20, 0, 500),
        doc: 'Wrong passwords an hour from one address of the network, whatever the account; 0 sets no limit.',
      },
      {
        path: 'limits.mailsPerMailbox',
        env: 'AUTH_LIMITS_MAILS_PER_MAILBOX',
        ...integer('mails an hour', 5, 0, 500),
        doc: 'Mails an hour to one mailbox that strangers can cause; what is over it is answered as ever, and not sent; 0 sets no limit.',
      },
      {
        path: 'limits.mailsPerAddress',
        env: 'AUTH_LIMITS_MAILS_PER_ADDRESS',
        level: 'basic',
        ...integer('requests an hour', 20, 0, 500),
        doc: 'Signups and requests for mail an hour from one address of the network; 0 sets no limit.',
      },
      {
        path: 'limits.tokensPerAddress',
        env: 'AUTH_LIMITS_TOKENS_PER_ADDRESS',
        ...integer('tries an hour', 300, 0, 500),
        doc: 'Links and refresh tokens an hour from one address of the network that are no good; 0 sets no limit.',
      },
      {
        path: 'limits.deviceCookie',
        env: 'AUTH_DEVICE_COOKIE',
        level: 'basic',
        ...boolean(true),
        doc: "True leaves a cookie with whoever logged in, by which strangers' wrong passwords do not make them wait.",
      },
    ],
  },
];
