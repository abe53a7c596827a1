import { IsOptional, IsString, MaxLength } from '../../platform/common/class-validator.js';

/** Body of `PATCH me` and `PUT me`: the columns of their account that users write themselves. */
export class ProfileDto {
  /** Null empties it. Refused where the user entity has no `name` column. */
  @IsOptional()
  @IsString({ message: 'name must be a string' })
  @MaxLength(100, { message: 'name must have at most 100 characters' })
  name?: string | null;
}

/** Body of `DELETE me`. */
export class AccountDeletionDto {
  @IsString({ message: 'current_password must be a string' })
  current_password!: string;
}
