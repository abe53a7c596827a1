import type { BaseUserToken } from '../entities/base-user-token.entity.js';
import type { Account } from '../entities/base-user.entity.js';
import type { StructuralOptions } from './auth-options.js';

/** Options of both kinds, apart. */
export interface SeparatedOptions<R> {
  structural: StructuralOptions<Account>;
  runtime: R;
}

/** Takes the structural options out of all options; what is left is passed on untouched. */
export function separateOptions<U extends Account, T extends BaseUserToken, R>(
  options: StructuralOptions<U, T> & R,
): SeparatedOptions<Omit<R, keyof StructuralOptions>> {
  const {
    userEntity,
    tokenEntity,
    mode,
    autoActivate,
    returnLinkInResponse,
    backendLinks,
    isGlobal,
    dataSource,
    ...runtime
  } = options;
  const structural = {
    userEntity,
    tokenEntity,
    mode,
    autoActivate,
    returnLinkInResponse,
    backendLinks,
    isGlobal,
    dataSource,
  };
  return { structural, runtime };
}
