import { boolean, integer, type SettingGroup } from '../setting.js';

export interface CleanupOptions {
  /** Seconds between two rounds that delete rows which expired a day ago; 0 leaves them to the application. `AUTH_CLEANUP_INTERVAL_SECONDS`. @default 3600 */
  intervalSeconds: number;
  /** Seconds after its last signup that an account nobody activated is deleted, if none of its links is live; 0 keeps it. `AUTH_CLEANUP_PENDING_SECONDS`. @default 2592000 */
  pendingAccountSeconds: number;
}

/** What runs behind the flows. */
export const OPERATION_SETTINGS: readonly SettingGroup[] = [
  {
    title: 'Answers',
    settings: [
      {
        path: 'uniformAnswerMs',
        env: 'AUTH_UNIFORM_ANSWER_MS',
        ...integer('milliseconds', 250, 0, 10_000),
        doc: 'Least time, in milliseconds, of the part of signup, resend, reset and e-mail change request that depends on the address; it hides which path was taken.',
      },
    ],
  },
  {
    title: 'Start',
    settings: [
      {
        path: 'checkTables',
        env: 'AUTH_CHECK_TABLES',
        level: 'basic',
        ...boolean(true),
        doc: 'True looks at the tables when the application starts, and refuses to start where one, a column of it, or a right to it is missing.',
      },
    ],
  },
  {
    title: 'Cleanup',
    settings: [
      {
        path: 'cleanup.intervalSeconds',
        env: 'AUTH_CLEANUP_INTERVAL_SECONDS',
        ...integer('seconds', 3600, 0, 604_800),
        level: 'basic',
        doc: 'Seconds between two rounds that delete rows which expired a day ago; 0 leaves them to the application.',
      },
      {
        path: 'cleanup.pendingAccountSeconds',
        env: 'AUTH_CLEANUP_PENDING_SECONDS',
        ...integer('seconds', 2_592_000, 0, 315_360_000),
        doc: 'Seconds after its last signup that an account nobody activated is deleted, if none of its links is live; 0 keeps it.',
      },
    ],
  },
];
