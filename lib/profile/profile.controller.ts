import { Controller, UseFilters } from '@nestjs/common';
import { Authenticated, CurrentSession, CurrentUser } from '../access/access.decorators.js';
import type { Principal } from '../access/principal.js';
import { AuthErrorFilter } from '../http/auth-error.filter.js';
import { Device } from '../http/device.decorator.js';
import { Endpoint } from '../http/endpoint.decorator.js';
import { Input } from '../http/input.decorator.js';
import { UserColumns } from '../entities/user-columns.js';
import { type ProfileBody, toProfileBody } from './profile.body.js';
import { ProfileDto } from './profile.dto.js';
import { ProfileService } from './profile.service.js';

@UseFilters(AuthErrorFilter)
@Controller()
export class ProfileController {
  constructor(
    private readonly profiles: ProfileService,
    private readonly columns: UserColumns,
  ) {}

  @Authenticated()
  @Endpoint('me')
  me(@CurrentUser() user: object): ProfileBody {
    return this.body(user);
  }

  @Authenticated()
  @Endpoint('editProfile')
  async edit(
    @Input(ProfileDto) fields: ProfileDto,
    @CurrentSession() { userId }: Principal,
    @Device() device: Device,
  ): Promise<ProfileBody> {
    return this.body(await this.profiles.edit(userId, { ...fields }, device));
  }

  @Authenticated()
  @Endpoint('replaceProfile')
  async replace(
    @Input(ProfileDto) fields: ProfileDto,
    @CurrentSession() { userId }: Principal,
    @Device() device: Device,
  ): Promise<ProfileBody> {
    return this.body(await this.profiles.replace(userId, { ...fields }, device));
  }

  private body(user: object): ProfileBody {
    return toProfileBody(this.columns.toAccount(user));
  }
}
