import { ProfileDto } from '../../flows/profile/profile.dto.js';
import { SignupDto } from '../../flows/signup/signup.dto.js';
import type { OwnBodies } from '../../platform/http/own-bodies.js';
import type { StructuralOptions } from './auth-options.js';

/** The classes of the package itself. */
export const BUNDLED_DTOS: OwnBodies = { signup: SignupDto, profile: ProfileDto, userResponse: undefined };

/** The classes of an application, as its options name them; else the bundled ones. */
export function ownBodies({ signupDto, profileDto, userResponse }: StructuralOptions): OwnBodies {
  return { signup: signupDto ?? BUNDLED_DTOS.signup, profile: profileDto ?? BUNDLED_DTOS.profile, userResponse };
}
