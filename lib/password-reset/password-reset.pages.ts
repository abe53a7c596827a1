import { Controller, type HttpException, Param, Req, Res, UseFilters } from '@nestjs/common';
import { Public } from '../access/access.decorators.js';
import { AuthError } from '../auth.errors.js';
import { CsrfProtection } from '../delivery/csrf-protection.js';
import { deviceOf, type DeviceRequest } from '../http/device.decorator.js';
import { Endpoint } from '../http/endpoint.decorator.js';
import { Input } from '../http/input.decorator.js';
import { Links } from '../mail/links.js';
import {
  isRefusalOfHook,
  type PageRequest,
  type PageResponse,
  refusalContext,
  sendPage,
} from '../pages/page-exchange.js';
import { pageErrorFilter } from '../pages/page-error.filter.js';
import { PageRenderer } from '../pages/page-renderer.js';
import { type BrokenRule, PasswordRejected } from '../passwords/password-policy.js';
import { emailHint } from '../templates/template-context.js';
import { PasswordResetFormDto } from './password-reset.dto.js';
import { PasswordResetService } from './password-reset.service.js';

/** What the form says when it comes again: a text of the catalogue, and the values in it. */
type FormProblem = BrokenRule | { readonly key: 'password_reset_form.different'; readonly values?: undefined };

/** Mode E: the mailed link opens a form of this back end. Pages never hand out tokens. */
@Public()
@UseFilters(pageErrorFilter('password-reset'))
@Controller()
export class PasswordResetPages {
  constructor(
    private readonly resets: PasswordResetService,
    private readonly pages: PageRenderer,
    private readonly links: Links,
    private readonly csrf: CsrfProtection,
  ) {}

  /** Shows the form and changes nothing, whoever follows the link. */
  @Endpoint('passwordResetPage')
  show(
    @Param('token') token: string,
    @Req() request: PageRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string> {
    return this.form(token, request, response);
  }

  /** Takes the form. A password that is refused leaves the link as it was. */
  @Endpoint('passwordResetForm')
  async submit(
    @Param('token') token: string,
    @Input(PasswordResetFormDto) { new_password, confirm_password = new_password }: PasswordResetFormDto,
    @Req() request: PageRequest & DeviceRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string> {
    this.csrf.refuseForeign(request);
    if (confirm_password !== new_password)
      return this.form(token, request, response, [{ key: 'password_reset_form.different' }]);
    try {
      await this.resets.confirmWithoutSession(token, new_password, deviceOf(request));
    } catch (error) {
      if (error instanceof PasswordRejected) return this.form(token, request, response, error.broken);
      if (isRefusalOfHook(error)) return this.refusal(error, request, response);
      throw error;
    }
    return sendPage(response, this.pages.render('password_reset_success', this.locale(request), {}));
  }

  private async form(
    token: string,
    request: PageRequest,
    response: PageResponse,
    problems: readonly FormProblem[] = [],
  ): Promise<string> {
    const user = await this.resets.inspect(token);
    if (!user) throw new AuthError('PASSWORD_RESET_INVALID_TOKEN');
    const locale = this.locale(request);
    const errors = problems.map(({ key, values }) => this.pages.text('password_reset_form', locale, key, values));
    const page = this.pages.render('password_reset_form', locale, {
      user: { email_hint: emailHint(user.email) },
      form_action: this.links.pagePath('passwordResetForm', token),
      ...(errors.length > 0 && { error: errors.join(' ') }),
    });
    return sendPage(response, page, errors.length > 0 ? 400 : 200);
  }

  private refusal(error: HttpException, request: PageRequest, response: PageResponse): string {
    const page = this.pages.render('password_reset_error', this.locale(request), refusalContext(error));
    return sendPage(response, page, error.getStatus());
  }

  private locale({ headers }: PageRequest): string {
    return this.pages.localeFor(headers['accept-language']);
  }
}
