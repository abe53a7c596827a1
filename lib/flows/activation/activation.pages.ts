import { Controller, type HttpException, Inject, Param, Req, Res, UseFilters, UseInterceptors } from '@nestjs/common';
import { Public } from '../../engine/access/access.decorators.js';
import { TokenTries } from '../../engine/limits/token-tries.js';
import { AuthError } from '../../platform/common/auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { TokenDelivery } from '../../engine/sessions/token-delivery.js';
import { LinkUrls } from '../../engine/mail/link-urls.js';
import { SignIn } from '../../engine/sign-in/sign-in.js';
import { type Device, deviceOf, type DeviceRequest } from '../../platform/common/device.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { refuseForeign } from '../../platform/http/request-site.js';
import {
  isDone,
  isForm,
  isRefusalOfHook,
  type PageRequest,
  type PageResponse,
  refusalContext,
  sendPage,
} from '../../engine/pages/page-exchange.js';
import { pageErrorFilter } from '../../engine/pages/page-error.filter.js';
import { PageRenderer } from '../../engine/pages/page-renderer.js';
import type { ActivationBody } from './activation.body.js';
import { ACTIVATION_ENDPOINTS } from './activation.endpoints.js';
import { ActivationService } from './activation.service.js';

/** Mode E: the mailed link opens a page of this back end. Pages never hand out tokens. */
@Public()
@UseFilters(pageErrorFilter('activation'))
@UseInterceptors(TokenTries)
@Controller()
export class ActivationPages {
  constructor(
    private readonly activations: ActivationService,
    private readonly pages: PageRenderer,
    private readonly urls: LinkUrls,
    private readonly signIn: SignIn,
    private readonly delivery: TokenDelivery,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** Activates, or with `activation.confirm` shows a button. HEAD, which mail scanners like to send, only looks. */
  @Endpoint(ACTIVATION_ENDPOINTS.activationPage)
  async show(
    @Param('token') token: string,
    @Req() request: PageRequest & DeviceRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string> {
    if (request.method === 'GET' && !this.config.activation.confirm) return this.activate(token, request, response);
    return this.page(await this.activations.inspect(token), token, request, response);
  }

  /** The button of the page above; a JSON request is answered as everywhere. */
  @Endpoint(ACTIVATION_ENDPOINTS.activateByPath)
  async submit(
    @Param('token') token: string,
    @Req() request: PageRequest & DeviceRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string | ActivationBody> {
    if (!isForm(request)) return this.answer(token, deviceOf(request), response);
    refuseForeign(request, this.config);
    return this.activate(token, request, response);
  }

  private async answer(token: string, device: Device, response: PageResponse): Promise<ActivationBody> {
    const proof = await this.activations.activate(token, device);
    const tokens = await this.signIn.open(proof, device);
    return { user_id: proof.account.id, ...this.delivery.deliver(tokens, response) };
  }

  private async activate(token: string, request: PageRequest & DeviceRequest, response: PageResponse): Promise<string> {
    try {
      await this.activations.activate(token, deviceOf(request));
    } catch (error) {
      if (isDone(error)) return this.page('done', token, request, response);
      if (isRefusalOfHook(error)) return this.refusal(error, request, response);
      throw error;
    }
    return sendPage(response, this.pages.render('activation_success', this.locale(request), {}));
  }

  private page(
    state: 'live' | 'done' | 'invalid',
    token: string,
    request: PageRequest,
    response: PageResponse,
  ): string {
    const locale = this.locale(request);
    switch (state) {
      case 'live':
        return sendPage(
          response,
          this.pages.render('activation_confirm', locale, {
            form_action: this.urls.formPath('activation', token),
          }),
        );
      case 'done':
        return sendPage(response, this.pages.render('activation_success', locale, { already_active: true }));
      default:
        throw new AuthError('ACTIVATION_INVALID_TOKEN');
    }
  }

  private refusal(error: HttpException, request: PageRequest, response: PageResponse): string {
    const page = this.pages.render('activation_error', this.locale(request), refusalContext(error));
    return sendPage(response, page, error.getStatus());
  }

  private locale({ headers }: PageRequest): string {
    return this.pages.localeFor(headers['accept-language']);
  }
}
