import { IsOptional, IsString } from '../../platform/common/class-validator.js';
import { CanonicalEmail } from '../../platform/common/email.js';

/** Body of `POST password-reset/request`. */
export class PasswordResetRequestDto {
  @CanonicalEmail()
  email!: string;
}

/** Body of `POST password-reset/confirm`. */
export class PasswordResetConfirmDto {
  @IsString({ message: 'token must be a string' })
  token!: string;

  @IsString({ message: 'new_password must be a string' })
  new_password!: string;
}

/** Form of `POST password-reset/:token`. */
export class PasswordResetFormDto {
  @IsString({ message: 'new_password must be a string' })
  new_password!: string;

  /** Typed a second time; compared where it is sent. */
  @IsOptional()
  @IsString({ message: 'confirm_password must be a string' })
  confirm_password?: string;
}
