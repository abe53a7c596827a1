import { Controller, type HttpException, Inject, Param, Req, Res, UseFilters } from '@nestjs/common';
import { Public } from '../access/access.decorators.js';
import { AuthError } from '../auth.errors.js';
import { AUTH_CONFIG, type AuthConfig } from '../config/auth-config.js';
import { CsrfProtection } from '../delivery/csrf-protection.js';
import { TokenDelivery } from '../delivery/token-delivery.js';
import { deviceOf, type DeviceRequest } from '../http/device.decorator.js';
import { Endpoint } from '../http/endpoint.decorator.js';
import { Links } from '../mail/links.js';
import {
  isForm,
  isRefusalOfHook,
  type PageRequest,
  type PageResponse,
  refusalContext,
  sendPage,
} from '../pages/page-exchange.js';
import { pageErrorFilter } from '../pages/page-error.filter.js';
import { PageRenderer } from '../pages/page-renderer.js';
import type { ActivationBody } from './activation.controller.js';
import { type ActivationLinkState, type ActivationResult, ActivationService } from './activation.service.js';

/** Mode E: the mailed link opens a page of this back end. Pages never hand out tokens. */
@Public()
@UseFilters(pageErrorFilter('activation'))
@Controller()
export class ActivationPages {
  constructor(
    private readonly activations: ActivationService,
    private readonly pages: PageRenderer,
    private readonly links: Links,
    private readonly csrf: CsrfProtection,
    private readonly delivery: TokenDelivery,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** Activates, or with `activation.confirm` shows a button. HEAD, which mail scanners like to send, only looks. */
  @Endpoint('activationPage')
  async show(
    @Param('token') token: string,
    @Req() request: PageRequest & DeviceRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string> {
    if (request.method === 'GET' && !this.config.activation.confirm) return this.activate(token, request, response);
    return this.page(await this.activations.inspect(token), token, request, response);
  }

  /** The button of the page above; a JSON request is answered as everywhere. */
  @Endpoint('activateByPath')
  async submit(
    @Param('token') token: string,
    @Req() request: PageRequest & DeviceRequest,
    @Res({ passthrough: true }) response: PageResponse,
  ): Promise<string | ActivationBody> {
    if (!isForm(request)) return this.answer(await this.activations.activate(token, deviceOf(request)), response);
    this.csrf.refuseForeign(request);
    return this.activate(token, request, response);
  }

  private answer({ userId, tokens }: ActivationResult, response: PageResponse): ActivationBody {
    return { user_id: userId, ...this.delivery.deliver(tokens, response) };
  }

  private async activate(token: string, request: PageRequest & DeviceRequest, response: PageResponse): Promise<string> {
    try {
      await this.activations.activateWithoutSession(token, deviceOf(request));
    } catch (error) {
      if (error instanceof AuthError && error.code === 'ACTIVATION_INVALID_TOKEN') {
        const state = await this.activations.inspect(token);
        return this.page(state === 'live' ? 'invalid' : state, token, request, response);
      }
      if (isRefusalOfHook(error)) return this.refusal(error, request, response);
      throw error;
    }
    return sendPage(response, this.pages.render('activation_success', this.locale(request), {}));
  }

  private page(state: ActivationLinkState, token: string, request: PageRequest, response: PageResponse): string {
    const locale = this.locale(request);
    switch (state) {
      case 'live':
        return sendPage(
          response,
          this.pages.render('activation_confirm', locale, {
            form_action: this.links.pagePath('activateByPath', token),
          }),
        );
      case 'already active':
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
