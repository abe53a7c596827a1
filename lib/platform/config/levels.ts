/** How much of the module is mounted, from the least. */
export const LEVELS = ['none', 'basic', 'complete'] as const;

/**
 * `none` mounts nothing and verifies tokens issued elsewhere; `basic` has signup, login and profile without a token
 * table; `complete` has everything.
 */
export type Level = (typeof LEVELS)[number];

/** True where a level has what belongs to `least` and all above it; what names no level is part of complete alone. */
export function hasLevel(level: Level, least: Level = 'complete'): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}
