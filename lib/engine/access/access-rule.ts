/** What a route asks of the request. Without a rule, AccessGuard asks for a signed-in user. */
export type AccessRule = 'authenticated' | 'verified' | 'optional' | 'public';

/** Metadata key of a route's {@link AccessRule}. */
export const ACCESS_RULE = 'nestjs-gatehouse:access-rule';
