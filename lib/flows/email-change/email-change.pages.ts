import { Controller, type HttpException, Inject, Param, Req, Res, UseFilters, UseInterceptors } from '@nestjs/common';
import { Public } from '../../engine/access/access.decorators.js';
import { TokenTries } from '../../engine/limits/token-tries.js';
import { AuthError } from '../../platform/common/auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { refuseForeign } from '../../platform/http/request-site.js';
import { LinkUrls } from '../../engine/mail/link-urls.js';
import {
  isDone,
  isRefusalOfHook,
  type PageRequest,
  type PageResponse,
  refusalContext,
  sendPage,
} from '../../engine/pages/page-exchange.js';
import { pageErrorFilter } from '../../engine/pages/page-error.filter.js';
import { PageRenderer } from '../../engine/pages/page-renderer.js';
import type { PageName } from '../../engine/pages/page-table.js';
import { emailHint } from '../../engine/templates/template-context.js';
import { EmailChangeUndoService } from './email-change-undo.service.js';
import { EmailChangeService, type EmailChangeState } from './email-change.service.js';
import { EMAIL_CHANGE_ENDPOINTS } from './email-change.endpoints.js';

/** What the confirming link shows, and the link that takes the change back. */
interface LinkPages {
  readonly purpose: 'email-change' | 'email-change-undo';
  readonly confirm: PageName & `${string}_confirm`;
  readonly success: PageName & `${string}_success`;
}

const CHANGE: LinkPages = {
  purpose: 'email-change',
  confirm: 'email_change_confirm',
  success: 'email_change_success',
};
const UNDO: LinkPages = {
  purpose: 'email-change-undo',
  confirm: 'email_change_undo_confirm',
  success: 'email_change_undo_success',
};

/** Mode E: the mailed links open pages of this back end, whose button acts. Pages never hand out tokens. */
@Public()
@UseFilters(pageErrorFilter('email-change'))
@UseInterceptors(TokenTries)
@Controller()
export class EmailChangePages {
  constructor(
    private readonly changes: EmailChangeService,
    private readonly undoing: EmailChangeUndoService,
    private readonly pages: PageRenderer,
    private readonly urls: LinkUrls,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** Shows a button and changes nothing, whoever follows the link: mail scanners do. */
  @Endpoint(EMAIL_CHANGE_ENDPOINTS.emailChangePage)
  async show(
    @Param('token') token: string,
    @Req() request: PageRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string> {
    return this.ask(CHANGE, token, await this.changes.inspect(token), request, response);
  }

  @Endpoint(EMAIL_CHANGE_ENDPOINTS.emailChangeForm)
  submit(
    @Param('token') token: string,
    @Device() device: Device,
    @Req() request: PageRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string> {
    return this.act(
      CHANGE,
      () => this.changes.confirm(token, device),
      () => this.changes.inspect(token),
      request,
      response,
    );
  }

  @Endpoint(EMAIL_CHANGE_ENDPOINTS.emailChangeUndoPage)
  async showUndo(
    @Param('token') token: string,
    @Req() request: PageRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string> {
    return this.ask(UNDO, token, await this.undoing.inspect(token), request, response);
  }

  @Endpoint(EMAIL_CHANGE_ENDPOINTS.emailChangeUndoForm)
  submitUndo(
    @Param('token') token: string,
    @Device() device: Device,
    @Req() request: PageRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string> {
    return this.act(
      UNDO,
      () => this.undoing.undo(token, device),
      () => this.undoing.inspect(token),
      request,
      response,
    );
  }

  private ask(
    pages: LinkPages,
    token: string,
    found: EmailChangeState,
    request: PageRequest,
    response: PageResponse,
  ): string {
    if (found.state === 'invalid') throw new AuthError('EMAIL_CHANGE_INVALID_TOKEN');
    if (found.state === 'done') return this.success(pages, found.address, true, request, response);
    const form_action = this.urls.formPath(pages.purpose, token);
    const page = { form_action, email_hint: emailHint(found.address) };
    return sendPage(response, this.pages.render(pages.confirm, this.locale(request), page));
  }

  private async act(
    pages: LinkPages,
    work: () => Promise<{ email: string }>,
    look: () => Promise<EmailChangeState>,
    request: PageRequest,
    response: PageResponse,
  ): Promise<string> {
    refuseForeign(request, this.config);
    try {
      const { email } = await work();
      return this.success(pages, email, false, request, response);
    } catch (error) {
      const found = isDone(error) ? await look() : undefined;
      if (found?.state === 'done') return this.success(pages, found.address, true, request, response);
      if (isRefusalOfHook(error)) return this.refusal(error, request, response);
      throw error;
    }
  }

  private success(
    { success }: LinkPages,
    address: string,
    wasBefore: boolean,
    request: PageRequest,
    response: PageResponse,
  ): string {
    const page = { email_hint: emailHint(address), already_done: wasBefore };
    return sendPage(response, this.pages.render(success, this.locale(request), page));
  }

  private refusal(error: HttpException, request: PageRequest, response: PageResponse): string {
    const page = this.pages.render('email_change_error', this.locale(request), refusalContext(error));
    return sendPage(response, page, error.getStatus());
  }

  private locale({ headers }: PageRequest): string {
    return this.pages.localeFor(headers['accept-language']);
  }
}
