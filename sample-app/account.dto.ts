import { IsLocale, IsOptional, MaxLength } from 'class-validator';
import { SignupDto } from 'nestjs-gatehouse';

/** What a signup may state beside address, password and name. A role is not among it: nobody makes themselves one. */
export class AccountSignupDto extends SignupDto {
  @IsOptional()
  @IsLocale()
  @MaxLength(35)
  locale?: string | null;
}
