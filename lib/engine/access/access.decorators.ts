import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata, UseGuards } from '@nestjs/common';
import { AccessGuard } from './access.guard.js';
import { ACCESS_RULE, type AccessRule } from './access-rule.js';
import type { Principal } from './principal.js';
import { principalIn } from './request-context.js';

const guarded = (rule: AccessRule) => applyDecorators(SetMetadata(ACCESS_RULE, rule), UseGuards(AccessGuard));

/** Only for signed-in users. Answers 401 ACCESS_UNAUTHENTICATED or ACCESS_INVALID_TOKEN. */
export const Authenticated = () => guarded('authenticated');

/** Only for signed-in users whose address is verified. Answers 401, or 403 ACCESS_EMAIL_UNVERIFIED. */
export const Verified = () => guarded('verified');

/** For guests and users alike: `@CurrentUser()` is undefined for a guest. A bad token is a 401, not a guest. */
export const OptionalAuth = () => guarded('optional');

/** Open to everybody where AccessGuard is the application's global guard. */
export const Public = () => SetMetadata(ACCESS_RULE, 'public' satisfies AccessRule);

/** The session behind the request: ids and claims, without a further statement. Undefined for guests. */
export const CurrentSession = createParamDecorator((_: unknown, context: ExecutionContext): Principal | undefined =>
  principalIn(context),
);
