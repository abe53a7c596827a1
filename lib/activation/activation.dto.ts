import { IsString } from '../http/class-validator.js';
import { CanonicalEmail } from '../http/email.js';

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
