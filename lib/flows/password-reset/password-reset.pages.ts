import { Controller, type HttpException, Inject, Param, Req, Res, UseFilters, UseInterceptors } from '@nestjs/common';
import { Public } from '../../engine/access/access.decorators.js';
import { TokenTries } from '../../engine/limits/token-tries.js';
import { AuthError } from '../../platform/common/auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { deviceOf, type DeviceRequest } from '../../platform/common/device.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { Input } from '../../platform/http/input.decorator.js';
import { LinkUrls } from '../../engine/mail/link-urls.js';
import { refuseForeign } from '../../platform/http/request-site.js';
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
import { type BrokenRule, PasswordRejected } from '../../engine/passwords/password-policy.js';
import { emailHint } from '../../engine/templates/template-context.js';
import { PasswordResetFormDto } from './password-reset.dto.js';
import { PASSWORD_RESET_ENDPOINTS } from './password-reset.endpoints.js';
import { PasswordResetService } from './password-reset.service.js';

/** What the form says when it comes again: a text of the catalogue, and the values in it. */
type FormProblem = BrokenRule | { readonly key: 'password_reset_form.different'; readonly values?: undefined };

/** Mode E: the mailed link opens a form of this back end. Pages never hand out tokens. */
@Public()
@UseFilters(pageErrorFilter('password-reset'))
@UseInterceptors(TokenTries)
@Controller()
export class PasswordResetPages {
  constructor(
    private readonly resets: PasswordResetService,
    private readonly pages: PageRenderer,
    private readonly urls: LinkUrls,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** Shows the form and changes nothing, whoever follows the link. */
  @Endpoint(PASSWORD_RESET_ENDPOINTS.passwordResetPage)
  show(
    @Param('token') token: string,
    @Req() request: PageRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string> {
    return this.form(token, request, response);
  }

  /** Takes the form. A password that is refused leaves the link as it was. */
  @Endpoint(PASSWORD_RESET_ENDPOINTS.passwordResetForm)
  async submit(
    @Param('token') token: string,
    @Input(PasswordResetFormDto) { new_password, confirm_password = new_password }: PasswordResetFormDto,
    @Req() request: PageRequest & DeviceRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string> {
    refuseForeign(request, this.config);
    if (confirm_password !== new_password)
      return this.form(token, request, response, [{ key: 'password_reset_form.different' }]);
    try {
      await this.resets.confirm(token, new_password, deviceOf(request));
    } catch (error) {
      if (error instanceof PasswordRejected) return this.form(token, request, response, error.broken);
      if (isDone(error)) return this.success(request, response, true);
      if (isRefusalOfHook(error)) return this.refusal(error, request, response);
      throw error;
    }
    return this.success(request, response, false);
  }

  private async form(
    token: string,
    request: PageRequest,
    response: PageResponse,
    problems: readonly FormProblem[] = [],
  ): Promise<string> {
    const found = await this.resets.inspect(token);
    if (found.state === 'done') return this.success(request, response, true);
    if (found.state !== 'live') throw new AuthError('PASSWORD_RESET_INVALID_TOKEN');
    const locale = this.locale(request);
    const errors = problems.map(({ key, values }) => this.pages.text('password_reset_form', locale, key, values));
    const page = this.pages.render('password_reset_form', locale, {
      user: { email_hint: emailHint(found.user.email) },
      form_action: this.urls.formPath('password-reset', token),
      ...(errors.length > 0 && { error: errors.join(' ') }),
    });
    return sendPage(response, page, errors.length > 0 ? 400 : 200);
  }

  private success(request: PageRequest, response: PageResponse, wasBefore: boolean): string {
    const page = this.pages.render('password_reset_success', this.locale(request), { already_done: wasBefore });
    return sendPage(response, page);
  }

  private refusal(error: HttpException, request: PageRequest, response: PageResponse): string {
    const page = this.pages.render('password_reset_error', this.locale(request), refusalContext(error));
    return sendPage(response, page, error.getStatus());
  }

  private locale({ headers }: PageRequest): string {
    return this.pages.localeFor(headers['accept-language']);
  }
}
