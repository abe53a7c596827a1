import { IsString } from '../../platform/common/class-validator.js';
import { CanonicalEmail } from '../../platform/common/email.js';

/** Body of `POST activate`. */
export class ActivationDto {
  @IsString({ message: 'token must be a string' })
  token!: string;
}

/** Body of `POST activation/resend`. */
export class ResendActivationDto {
  @CanonicalEmail()
  email!: string;
}
