import { Controller, Header } from '@nestjs/common';
import { Public } from '../../engine/access/access.decorators.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import { KeyRing } from '../../engine/tokens/key-ring.js';
import type { JwkSetBody } from './jwks.body.js';
import { JWKS_ENDPOINTS } from './jwks.endpoints.js';

@Controller()
export class JwksController {
  constructor(private readonly ring: KeyRing) {}

  @Public()
  @Endpoint(JWKS_ENDPOINTS.jwks)
  @Header('Content-Type', 'application/jwk-set+json')
  jwks(): JwkSetBody {
    return { keys: this.ring.publicKeys };
  }
}
