import { Controller, Inject, Param, Req, Res, UseFilters } from '@nestjs/common';
import { Public } from '../../engine/access/access.decorators.js';
import { AuthError } from '../../platform/common/auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { refuseForeign } from '../../platform/http/request-site.js';
import { Links } from '../../engine/mail/links.js';
import { type PageRequest, type PageResponse, refusalContext, sendPage } from '../../engine/pages/page-exchange.js';
import { type PageName, PageRenderer } from '../../engine/pages/page-renderer.js';
import { emailHint } from '../../engine/templates/template-context.js';
import { EmailChangeUndoService } from './email-change-undo.service.js';
import { EMAIL_CHANGE_ENDPOINTS } from './email-change.endpoints.js';
import { EmailChangeService } from './email-change.service.js';

/** What the confirming link shows, and the link that takes the change back. */
interface LinkPages {
  /** Where its button posts: the name of the endpoint. */
  readonly form: keyof typeof EMAIL_CHANGE_ENDPOINTS;
  readonly confirm: PageName & `${string}_confirm`;
  readonly success: PageName & `${string}_success`;
}

const CHANGE: LinkPages = {
  form: 'emailChangeForm',
  confirm: 'email_change_confirm',
  success: 'email_change_success',
};
const UNDO: LinkPages = {
  form: 'emailChangeUndoForm',
  confirm: 'email_change_undo_confirm',
  success: 'email_change_undo_success',
};

/** Mode E: the mailed links open pages of this back end, whose button acts. Pages never hand out tokens. */
@Public()
@UseFilters(AuthErrorFilter)
@Controller()
export class EmailChangePages {
  constructor(
    private readonly changes: EmailChangeService,
    private readonly undoing: EmailChangeUndoService,
    private readonly pages: PageRenderer,
    private readonly links: Links,
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
    return this.act(CHANGE, () => this.changes.confirm(token, device), request, response);
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
    return this.act(UNDO, () => this.undoing.undo(token, device), request, response);
  }

  private ask(
    { form, confirm }: LinkPages,
    token: string,
    address: string | undefined,
    request: PageRequest,
    response: PageResponse,
  ): string {
    if (address === undefined) return this.refusal(request, response);
    const page = { form_action: this.links.pagePath(form, token), email_hint: emailHint(address) };
    return sendPage(response, this.pages.render(confirm, this.locale(request), page));
  }

  private async act(
    { success }: LinkPages,
    work: () => Promise<{ email: string }>,
    request: PageRequest,
    response: PageResponse,
  ): Promise<string> {
    refuseForeign(request, this.config);
    try {
      const { email } = await work();
      return sendPage(response, this.pages.render(success, this.locale(request), { email_hint: emailHint(email) }));
    } catch (error) {
      if (error instanceof AuthError && error.code === 'EMAIL_CHANGE_INVALID_TOKEN')
        return this.refusal(request, response);
      throw error;
    }
  }

  private refusal(request: PageRequest, response: PageResponse): string {
    const error = new AuthError('EMAIL_CHANGE_INVALID_TOKEN');
    const page = this.pages.render('email_change_error', this.locale(request), refusalContext(error));
    return sendPage(response, page, error.getStatus());
  }

  private locale({ headers }: PageRequest): string {
    return this.pages.localeFor(headers['accept-language']);
  }
}
