import { Controller, Header, Req, Res, UseFilters } from '@nestjs/common';
import { Authenticated, CurrentSession } from '../../engine/access/access.decorators.js';
import type { Principal } from '../../engine/access/principal.js';
import { CookieWithdrawal } from '../../engine/sessions/cookie-withdrawal.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { Input } from '../../platform/http/input.decorator.js';
import type { SiteRequest } from '../../platform/http/request-site.js';
import { AccountDeletionService } from './account-deletion.service.js';
import { type AccountExport, AccountExportService } from './account-export.service.js';
import { AccountDeletionDto } from './profile.dto.js';
import { PROFILE_ENDPOINTS } from './profile.endpoints.js';

/** The account as a whole, with its sessions, links and mails: level complete alone. */
@UseFilters(AuthErrorFilter)
@Controller()
export class AccountController {
  constructor(
    private readonly deletions: AccountDeletionService,
    private readonly exports: AccountExportService,
    private readonly withdrawal: CookieWithdrawal,
  ) {}

  @Authenticated()
  @Endpoint(PROFILE_ENDPOINTS.deleteAccount)
  async delete(
    @Input(AccountDeletionDto) { current_password }: AccountDeletionDto,
    @CurrentSession() { userId }: Principal,
    @Device() device: Device,
    @Req() request: SiteRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<void> {
    await this.deletions.delete(userId, current_password, device);
    this.withdrawal.afterEndOf({ userId }, request, response);
  }

  @Authenticated()
  @Endpoint(PROFILE_ENDPOINTS.exportAccount)
  @Header('Content-Disposition', 'attachment; filename="account.json"')
  export(@CurrentSession() { userId }: Principal): Promise<AccountExport> {
    return this.exports.export(userId);
  }
}
