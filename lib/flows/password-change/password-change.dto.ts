import { IsString } from '../../platform/common/class-validator.js';

/** Body of `POST password-change`. */
export class PasswordChangeDto {
  @IsString({ message: 'current_password must be a string' })
  current_password!: string;

  @IsString({ message: 'new_password must be a string' })
  new_password!: string;
}
