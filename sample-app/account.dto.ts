import { Expose, Transform } from 'class-transformer';
import { IsLocale, IsOptional, MaxLength } from 'class-validator';
import { ProfileDto, SignupDto } from 'nestjs-gatehouse';

/** What a signup may state beside address, password and name. A role is not among it: nobody makes themselves one. */
export class AccountSignupDto extends SignupDto {
  @IsOptional()
  @IsLocale()
  @MaxLength(35)
  locale?: string | null;
}

/** What users may edit of their own account. */
export class AccountProfileDto extends ProfileDto {
  @IsOptional()
  @IsLocale()
  @MaxLength(35)
  locale?: string | null;
}

/** What users see of their own account; nothing else of the entity leaves the server. */
export class AccountResponse {
  @Expose()
  id!: string;

  @Expose()
  email!: string;

  @Expose()
  username!: string | null;

  @Expose()
  name!: string | null;

  @Expose()
  locale!: string | null;

  @Expose({ name: 'is_active' })
  isActive!: boolean;

  @Expose({ name: 'is_verified' })
  @Transform(({ value }) => value !== null)
  emailVerifiedAt!: Date | null;

  @Expose({ name: 'created_at' })
  createdAt!: Date;
}
