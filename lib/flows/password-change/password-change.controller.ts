import { Controller, UseFilters } from '@nestjs/common';
import { Authenticated, CurrentSession } from '../../engine/access/access.decorators.js';
import type { Principal } from '../../engine/access/principal.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { Input } from '../../platform/http/input.decorator.js';
import { PasswordChangeDto } from './password-change.dto.js';
import { PASSWORD_CHANGE_ENDPOINTS } from './password-change.endpoints.js';
import { PasswordChangeService } from './password-change.service.js';

@UseFilters(AuthErrorFilter)
@Controller()
export class PasswordChangeController {
  constructor(private readonly changes: PasswordChangeService) {}

  @Authenticated()
  @Endpoint(PASSWORD_CHANGE_ENDPOINTS.changePassword)
  async change(
    @Input(PasswordChangeDto) { current_password, new_password }: PasswordChangeDto,
    @CurrentSession() { userId, sessionId }: Principal,
    @Device() device: Device,
  ): Promise<void> {
    await this.changes.change(userId, current_password, new_password, device, sessionId);
  }
}
