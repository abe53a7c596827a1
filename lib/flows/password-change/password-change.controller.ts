import { Controller, HttpStatus, Inject, Req, Res, UseFilters } from '@nestjs/common';
import { Authenticated, CurrentSession } from '../../engine/access/access.decorators.js';
import { CookieCredentials } from '../../engine/access/cookie-credentials.js';
import type { Principal } from '../../engine/access/principal.js';
import { CookieWithdrawal } from '../../engine/sessions/cookie-withdrawal.js';
import { TokenDelivery } from '../../engine/sessions/token-delivery.js';
import type { TokenPairBody } from '../../engine/sessions/token-pair.body.js';
import type { Proof } from '../../engine/sign-in/proof.js';
import { SignIn } from '../../engine/sign-in/sign-in.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import { Device } from '../../platform/http/device.decorator.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { Input } from '../../platform/http/input.decorator.js';
import type { SiteRequest } from '../../platform/http/request-site.js';
import { PasswordChangeDto } from './password-change.dto.js';
import { PASSWORD_CHANGE_ENDPOINTS } from './password-change.endpoints.js';
import { PasswordChangeService } from './password-change.service.js';

/** The response object of either adapter. */
interface ChangeResponse {
  status(code: number): unknown;
}

@UseFilters(AuthErrorFilter)
@Controller()
export class PasswordChangeController {
  constructor(
    private readonly changes: PasswordChangeService,
    private readonly signIn: SignIn,
    private readonly cookies: CookieCredentials,
    private readonly delivery: TokenDelivery,
    private readonly withdrawal: CookieWithdrawal,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * With a new session in place of the one that asked, wherever the answer can hand it over: whoever has stolen the tokens
   * of this very device must not keep them over the change, which is often made because of that (ASVS 7.2.4). In cookies
   * it always can. A client with a bearer token that expects 204 would be left without any tokens: there it is an option.
   */
  @Authenticated()
  @Endpoint(PASSWORD_CHANGE_ENDPOINTS.changePassword)
  async change(
    @Input(PasswordChangeDto) { current_password, new_password }: PasswordChangeDto,
    @CurrentSession() { userId, sessionId }: Principal,
    @Device() device: Device,
    @Req() request: SiteRequest,
    @Res({ passthrough: true }) response: ChangeResponse,
  ): Promise<TokenPairBody | undefined> {
    const isByCookie = this.cookies.speakFor(request);
    const goesOn = !isByCookie && !this.config.session.renewOnPasswordChange;
    const session = sessionId === undefined ? undefined : { id: sessionId, goesOn };
    const proof = await this.changes.change(userId, current_password, new_password, device, session);
    if (goesOn) return undefined;
    const pair = await this.renew(proof, device, request, response);
    if (isByCookie) return undefined;
    response.status(HttpStatus.OK);
    return pair;
  }

  /** Where no session is opened (a ban), the cookies are of one that has ended, and of no use any more. */
  private async renew(
    proof: Proof,
    device: Device,
    request: SiteRequest,
    response: ChangeResponse,
  ): Promise<TokenPairBody> {
    try {
      return this.delivery.deliver(await this.signIn.open(proof, device), response);
    } catch (error) {
      this.withdrawal.afterEndOf({ userId: proof.account.id }, request, response);
      throw error;
    }
  }
}
