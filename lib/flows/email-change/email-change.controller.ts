import { Controller, UseFilters } from '@nestjs/common';
import { Authenticated, CurrentSession, Public } from '../../engine/access/access.decorators.js';
import type { Principal } from '../../engine/access/principal.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { Input } from '../../platform/http/input.decorator.js';
import { EmailChangeUndoService } from './email-change-undo.service.js';
import { EmailChangeLinkDto, EmailChangeRequestDto } from './email-change.dto.js';
import { EmailChangeService } from './email-change.service.js';

/** Answer of `POST email-change/request`. */
export interface EmailChangeRequestBody {
  message: string;
  /** Mode C: the link, where there is one; else null. */
  email_change_url: string | null;
}

/** Answer of `POST email-change/confirm`. */
export interface EmailChangeBody {
  message: string;
  /** The address of the account from now on. */
  email: string;
  /** Mode C: the link that takes the change back; else null. */
  undo_url: string | null;
}

/** Answer of `POST email-change/undo`. */
export interface EmailChangeUndoBody {
  message: string;
  /** The address the account has again. */
  email: string;
  /** Mode C: the link to set a new password; else null. */
  reset_url: string | null;
}

@UseFilters(AuthErrorFilter)
@Controller()
export class EmailChangeController {
  constructor(
    private readonly changes: EmailChangeService,
    private readonly undoing: EmailChangeUndoService,
  ) {}

  @Authenticated()
  @Endpoint('requestEmailChange')
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
  @Endpoint('confirmEmailChange')
  async confirm(
    @Input(EmailChangeLinkDto) { token }: EmailChangeLinkDto,
    @Device() device: Device,
  ): Promise<EmailChangeBody> {
    const { email, undoUrl } = await this.changes.confirm(token, device);
    return { message: 'The address is changed; log in with it.', email, undo_url: undoUrl };
  }

  @Public()
  @Endpoint('undoEmailChange')
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
