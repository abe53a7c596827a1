import type { Type } from '@nestjs/common';
import type { StructuralOptions } from '../../module/options/auth-options.js';
import { ProfileDto } from '../../flows/profile/profile.dto.js';
import { SignupDto } from '../../flows/signup/signup.dto.js';

/** The bodies of requests whose fields the application may choose, by class: its own, or the bundled one. */
export interface OwnBodies {
  /** Body of `POST signup`. */
  readonly signup: Type<SignupDto>;
  /** Body of `PATCH me`, which may leave out any field, and of `PUT me`. */
  readonly profile: Type<object>;
}

/**
 * The classes behind the endpoints whose fields the application may choose. The one place that knows them, for validation
 * and documentation alike; provided per module, so two applications in one process never see each other's.
 */
export interface AccountDtos extends OwnBodies {
  /** What `GET`, `PATCH` and `PUT me` answer; undefined for the bundled fields. */
  readonly userResponse: Type<object> | undefined;
}

/** Injection token of {@link AccountDtos}. */
export const ACCOUNT_DTOS = Symbol('ACCOUNT_DTOS');

/** The classes of the package itself. */
export const BUNDLED_DTOS: AccountDtos = { signup: SignupDto, profile: ProfileDto, userResponse: undefined };

/** The classes of an application, as its options name them. */
export function accountDtos(structure: StructuralOptions): AccountDtos {
  const { signupDto, profileDto, userResponse } = structure;
  return {
    signup: signupDto ?? BUNDLED_DTOS.signup,
    profile: profileDto ?? BUNDLED_DTOS.profile,
    userResponse,
  };
}
