import { Controller, UseFilters, UseInterceptors } from '@nestjs/common';
import { Authenticated, CurrentSession, Public } from '../../engine/access/access.decorators.js';
import type { Principal } from '../../engine/access/principal.js';
import { TokenTries } from '../../engine/limits/token-tries.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { Input } from '../../platform/http/input.decorator.js';
import { EmailChangeUndoService } from './email-change-undo.service.js';
import type { EmailChangeBody, EmailChangeRequestBody, EmailChangeUndoBody } from './email-change.body.js';
import { EmailChangeLinkDto, EmailChangeRequestDto } from './email-change.dto.js';
import { EMAIL_CHANGE_ENDPOINTS } from './email-change.endpoints.js';
import { EmailChangeService } from './email-change.service.js';

@UseFilters(AuthErrorFilter)
@UseInterceptors(TokenTries)
@Controller()
export class EmailChangeController {
  constructor(
    private readonly changes: EmailChangeService,
    private readonly undoing: EmailChangeUndoService,
  ) {}

  @Authenticated()
  @Endpoint(EMAIL_CHANGE_ENDPOINTS.requestEmailChange)
  async request(
    @Input(EmailChangeRequestDto) { new_email, current_password }: EmailChangeRequestDto,
    @CurrentSession() { userId }: Principal,
    @Device() device: Device,
  ): Promise<EmailChangeRequestBody> {
    const emailChangeUrl = await this.changes.request(userId, new_email, current_password, device);
    return {
      message: 'If the address can be used, a link to confirm it is on its way there.',
      email_change_url: emailChangeUrl,
    };
  }

  @Public()
  @Endpoint(EMAIL_CHANGE_ENDPOINTS.confirmEmailChange)
  async confirm(
    @Input(EmailChangeLinkDto) { token }: EmailChangeLinkDto,
    @Device() device: Device,
  ): Promise<EmailChangeBody> {
    const { email, undoUrl } = await this.changes.confirm(token, device);
    return { message: 'The address is changed; log in with it.', email, undo_url: undoUrl };
  }

  @Public()
  @Endpoint(EMAIL_CHANGE_ENDPOINTS.undoEmailChange)
  async undo(
    @Input(EmailChangeLinkDto) { token }: EmailChangeLinkDto,
    @Device() device: Device,
  ): Promise<EmailChangeUndoBody> {
    const { email, resetUrl } = await this.undoing.undo(token, device);
    return {
      message: 'The account has its old address again; a link to set a new password is on its way there.',
      email,
      reset_url: resetUrl,
    };
  }
}
