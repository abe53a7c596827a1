import { Controller, Inject, UseFilters } from '@nestjs/common';
import { Authenticated, CurrentSession } from '../access/access.decorators.js';
import { CurrentUser } from '../access/current-user.js';
import type { Principal } from '../access/principal.js';
import { AuthErrorFilter } from '../http/auth-error.filter.js';
import { Device } from '../http/device.decorator.js';
import { Endpoint } from '../http/endpoint.decorator.js';
import { OwnInput } from '../http/input.decorator.js';
import { UserColumns } from '../entities/user-columns.js';
import { ACCOUNT_DTOS, type AccountDtos } from '../own-fields/account-dtos.js';
import type { OwnFields } from '../own-fields/stored-fields.js';
import { toUserResponse } from '../own-fields/user-response.js';
import { type ProfileBody, toProfileBody } from './profile.body.js';
import { ProfileService } from './profile.service.js';

/** The bundled fields, or what the application's own class makes of its entity. */
type AccountBody = ProfileBody | Record<string, unknown>;

@UseFilters(AuthErrorFilter)
@Controller()
export class ProfileController {
  constructor(
    private readonly profiles: ProfileService,
    private readonly columns: UserColumns,
    @Inject(ACCOUNT_DTOS) private readonly dtos: AccountDtos,
  ) {}

  @Authenticated()
  @Endpoint('me')
  me(@CurrentUser() user: object): AccountBody {
    return this.body(user);
  }

  @Authenticated()
  @Endpoint('editProfile')
  async edit(
    @OwnInput('profile', 'part') fields: OwnFields,
    @CurrentSession() { userId }: Principal,
    @Device() device: Device,
  ): Promise<AccountBody> {
    return this.body(await this.profiles.edit(userId, { ...fields }, device));
  }

  @Authenticated()
  @Endpoint('replaceProfile')
  async replace(
    @OwnInput('profile') fields: OwnFields,
    @CurrentSession() { userId }: Principal,
    @Device() device: Device,
  ): Promise<AccountBody> {
    return this.body(await this.profiles.replace(userId, { ...fields }, device));
  }

  private body(user: object): AccountBody {
    const account = this.columns.toAccount(user);
    const { userResponse } = this.dtos;
    return userResponse ? toUserResponse(userResponse, this.columns.entityOf(account)) : toProfileBody(account);
  }
}
