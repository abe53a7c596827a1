import { Controller, UseFilters } from '@nestjs/common';
import { Public } from '../access/access.decorators.js';
import { AuthErrorFilter } from '../http/auth-error.filter.js';
import { Device } from '../http/device.decorator.js';
import { Endpoint } from '../http/endpoint.decorator.js';
import { Input } from '../http/input.decorator.js';
import { type TokenPairBody, toTokenPairBody } from '../http/token-pair.body.js';
import { LoginDto } from './login.dto.js';
import { LoginService } from './login.service.js';

@Public()
@UseFilters(AuthErrorFilter)
@Controller()
export class LoginController {
  constructor(private readonly logins: LoginService) {}

  @Endpoint('login')
  async login(@Input(LoginDto) credentials: LoginDto, @Device() device: Device): Promise<TokenPairBody> {
    return toTokenPairBody(await this.logins.login(credentials, device));
  }
}
