import { IsOptional, IsString } from 'class-validator';

/** Body of `POST refresh`. */
export class RefreshDto {
  @IsString({ message: 'refresh_token must be a string' })
  refresh_token!: string;
}

/** Body of `POST logout`; without it the bearer token says which session ends. */
export class LogoutDto {
  @IsOptional()
  @IsString({ message: 'refresh_token must be a string' })
  refresh_token?: string;
}
