import { IsString } from '../../platform/common/class-validator.js';
import { CanonicalEmail } from '../../platform/common/email.js';

/** Body of `POST email-change/request`. */
export class EmailChangeRequestDto {
  @CanonicalEmail()
  new_email!: string;

  @IsString({ message: 'current_password must be a string' })
  current_password!: string;
}

/** Body of `POST email-change/confirm` and `POST email-change/undo`. */
export class EmailChangeLinkDto {
  @IsString({ message: 'token must be a string' })
  token!: string;
}
