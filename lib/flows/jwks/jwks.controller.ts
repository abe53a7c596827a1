import { Controller, Header } from '@nestjs/common';
import { Public } from '../../engine/access/access.decorators.js';
import { Endpoint } from '../../platform/http/endpoint.decorator.js';
import type { PublishedKey } from '../../engine/tokens/asymmetric-keys.js';
import { KeyRing } from '../../engine/tokens/key-ring.js';

/** Answer of `GET .well-known/jwks.json` (RFC 7517, section 5). */
export interface JwkSetBody {
  keys: readonly PublishedKey[];
}

@Controller()
export class KeysController {
  constructor(private readonly ring: KeyRing) {}

  @Public()
  @Endpoint('jwks')
  @Header('Content-Type', 'application/jwk-set+json')
  jwks(): JwkSetBody {
    return { keys: this.ring.publicKeys };
  }
}
