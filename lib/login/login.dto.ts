import { IsString } from 'class-validator';
import { CanonicalEmail } from '../http/email.js';

/** Body of `POST login`. The policy does not apply here: what is too short is simply wrong. */
export class LoginDto {
  @CanonicalEmail()
  email!: string;

  @IsString({ message: 'password must be a string' })
  password!: string;
}
