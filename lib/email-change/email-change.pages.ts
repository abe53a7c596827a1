import { Controller, type HttpException, Param, Req, Res, UseFilters } from '@nestjs/common';
import { Public } from '../access/access.decorators.js';
import { AuthError } from '../auth.errors.js';
import { CsrfProtection } from '../delivery/csrf-protection.js';
import { Device } from '../http/device.decorator.js';
import { Endpoint } from '../http/endpoint.decorator.js';
import type { EndpointKey } from '../http/endpoints.js';
import { Links } from '../mail/links.js';
import {
  isRefusalOfHook,
  type PageRequest,
  type PageResponse,
  refusalContext,
  sendPage,
} from '../pages/page-exchange.js';
import { pageErrorFilter } from '../pages/page-error.filter.js';
import { type PageName, PageRenderer } from '../pages/page-renderer.js';
import { emailHint } from '../templates/template-context.js';
import { EmailChangeUndoService } from './email-change-undo.service.js';
import { EmailChangeService } from './email-change.service.js';

/** What the confirming link shows, and the link that takes the change back. */
interface LinkPages {
  /** Where its button posts. */
  readonly form: EndpointKey;
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
@UseFilters(pageErrorFilter('email-change'))
@Controller()
export class EmailChangePages {
  constructor(
    private readonly changes: EmailChangeService,
    private readonly undoing: EmailChangeUndoService,
    private readonly pages: PageRenderer,
    private readonly links: Links,
    private readonly csrf: CsrfProtection,
  ) {}

  /** Shows a button and changes nothing, whoever follows the link: mail scanners do. */
  @Endpoint('emailChangePage')
  async show(
    @Param('token') token: string,
    @Req() request: PageRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string> {
    return this.ask(CHANGE, token, await this.changes.inspect(token), request, response);
  }

  @Endpoint('emailChangeForm')
  submit(
    @Param('token') token: string,
    @Device() device: Device,
    @Req() request: PageRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string> {
    return this.act(CHANGE, () => this.changes.confirm(token, device), request, response);
  }

  @Endpoint('emailChangeUndoPage')
  async showUndo(
    @Param('token') token: string,
    @Req() request: PageRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string> {
    return this.ask(UNDO, token, await this.undoing.inspect(token), request, response);
  }

  @Endpoint('emailChangeUndoForm')
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
    if (address === undefined) throw new AuthError('EMAIL_CHANGE_INVALID_TOKEN');
    const page = { form_action: this.links.pagePath(form, token), email_hint: emailHint(address) };
    return sendPage(response, this.pages.render(confirm, this.locale(request), page));
  }

  private async act(
    { success }: LinkPages,
    work: () => Promise<{ email: string }>,
    request: PageRequest,
    response: PageResponse,
  ): Promise<string> {
    this.csrf.refuseForeign(request);
    try {
      const { email } = await work();
      return sendPage(response, this.pages.render(success, this.locale(request), { email_hint: emailHint(email) }));
    } catch (error) {
      if (isRefusalOfHook(error)) return this.refusal(error, request, response);
      throw error;
    }
  }

  private refusal(error: HttpException, request: PageRequest, response: PageResponse): string {
    const page = this.pages.render('email_change_error', this.locale(request), refusalContext(error));
    return sendPage(response, page, error.getStatus());
  }

  private locale({ headers }: PageRequest): string {
    return this.pages.localeFor(headers['accept-language']);
  }
}
