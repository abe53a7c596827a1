import type { BaseUserToken } from '../../platform/data/entities/base-user-token.entity.js';
import type { LevelOptions, StructuralOptions } from './auth-options.js';

/** Options of both kinds, apart. */
export interface SeparatedOptions<R> {
  structural: StructuralOptions;
  runtime: R;
}

/** Every structural option; the compiler refuses the list where one is missing. */
export const STRUCTURAL_OPTIONS: Readonly<Record<keyof StructuralOptions, true>> = {
  level: true,
  userEntity: true,
  tokenEntity: true,
  mode: true,
  autoActivate: true,
  returnLinkInResponse: true,
  backendLinks: true,
  userColumns: true,
  signupDto: true,
  profileDto: true,
  userResponse: true,
  routes: true,
  isGlobal: true,
  dataSource: true,
  eventEntity: true,
  limitEntity: true,
  limitStore: true,
  hooks: true,
  breachedPasswords: true,
  imports: true,
};

/** Takes the structural options out of all options; what is left is passed on untouched. */
export function separateOptions<U extends object, T extends BaseUserToken, R extends object>(
  options: LevelOptions<U, T> & R,
): SeparatedOptions<Omit<R, keyof StructuralOptions>> {
  const part = (isStructural: boolean) =>
    Object.fromEntries(Object.entries(options).filter(([name]) => name in STRUCTURAL_OPTIONS === isStructural));
  return {
    structural: part(true),
    runtime: part(false) as Omit<R, keyof StructuralOptions>,
  };
}
