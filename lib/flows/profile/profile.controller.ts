import { Controller, Inject, UseFilters } from '@nestjs/common';
import { Authenticated, CurrentSession } from '../../engine/access/access.decorators.js';
import { CurrentUser } from '../../engine/access/current-user.js';
import type { Principal } from '../../engine/access/principal.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { OwnInput } from '../../platform/http/input.decorator.js';
import { UserColumns } from '../../platform/data/entities/user-columns.js';
import { OWN_BODIES, type OwnBodies } from '../../platform/http/own-bodies.js';
import type { OwnFields } from '../../platform/common/stored-fields.js';
import { toUserResponse } from '../../engine/accounts/user-response.js';
import { type ProfileBody, toProfileBody } from './profile.body.js';
import { PROFILE_ENDPOINTS } from './profile.endpoints.js';
import { ProfileService } from './profile.service.js';

/** The bundled fields, or what the application's own class makes of its entity. */
type AccountBody = ProfileBody | Record<string, unknown>;

@UseFilters(AuthErrorFilter)
@Controller()
export class ProfileController {
  constructor(
    private readonly profiles: ProfileService,
    private readonly columns: UserColumns,
    @Inject(OWN_BODIES) private readonly bodies: OwnBodies,
  ) {}

  @Authenticated()
  @Endpoint(PROFILE_ENDPOINTS.me)
  me(@CurrentUser() user: object): AccountBody {
    return this.body(user);
  }

  @Authenticated()
  @Endpoint(PROFILE_ENDPOINTS.editProfile)
  async edit(
    @OwnInput('profile', 'part') fields: OwnFields,
    @CurrentSession() { userId }: Principal,
    @Device() device: Device,
  ): Promise<AccountBody> {
    return this.body(await this.profiles.edit(userId, { ...fields }, device));
  }

  @Authenticated()
  @Endpoint(PROFILE_ENDPOINTS.replaceProfile)
  async replace(
    @OwnInput('profile') fields: OwnFields,
    @CurrentSession() { userId }: Principal,
    @Device() device: Device,
  ): Promise<AccountBody> {
    return this.body(await this.profiles.replace(userId, { ...fields }, device));
  }

  private body(user: object): AccountBody {
    const account = this.columns.toAccount(user);
    const { userResponse } = this.bodies;
    return userResponse ? toUserResponse(userResponse, this.columns.entityOf(account)) : toProfileBody(account);
  }
}
