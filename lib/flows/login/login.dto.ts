import { IsString, MaxLength, ValidateIf } from '../../platform/common/class-validator.js';
import { CanonicalEmail } from '../../platform/common/email.js';

/** Body of `POST login`. The policy does not apply here: what is too short is simply wrong. */
export class LoginDto {
  @ValidateIf(({ username }: LoginDto) => username === undefined)
  @CanonicalEmail()
  email?: string;

  /** In place of the address; as typed, since an application's own look-up may take anything. */
  @ValidateIf(({ username }: LoginDto) => username !== undefined)
  @IsString({ message: 'username must be a string' })
  @MaxLength(254, { message: 'username must have at most 254 characters' })
  username?: string;

  @IsString({ message: 'password must be a string' })
  password!: string;
}
