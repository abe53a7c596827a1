import { IsOptional, IsString } from '../../platform/common/class-validator.js';

/** Body of `POST refresh`; without it the cookie has the token. */
export class RefreshDto {
  @IsOptional()
  @IsString({ message: 'refresh_token must be a string' })
  refresh_token?: string;
}

/** Body of `POST logout`; without it the bearer token or the cookies say which session ends. */
export class LogoutDto {
  @IsOptional()
  @IsString({ message: 'refresh_token must be a string' })
  refresh_token?: string;
}
