import { IsOptional, IsString, MaxLength } from '../../platform/common/class-validator.js';
import { CanonicalEmail } from '../../platform/common/email.js';
import { CanonicalUsername } from '../../platform/common/username.js';

/**
 * Body of `POST signup`. An application that asks for more extends it with columns of its user entity, each validated
 * with class-validator, and passes the class as `signupDto`:
 *
 *     class MemberSignupDto extends SignupDto { @IsEnum(Plan) plan!: Plan }
 */
export class SignupDto {
  @CanonicalEmail()
  email!: string;

  @IsString({ message: 'password must be a string' })
  password!: string;

  /** Refused as an unknown field where the user entity has no `name` column. */
  @IsOptional()
  @IsString({ message: 'name must be a string' })
  @MaxLength(100, { message: 'name must have at most 100 characters' })
  name?: string;

  /** Refused as an unknown field where the user entity has no `username` column. */
  @IsOptional()
  @CanonicalUsername()
  username?: string;
}
