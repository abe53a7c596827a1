import { Controller, Get } from '@nestjs/common';
import { Authenticated, CurrentSession, CurrentUser, OptionalAuth, type Principal, Verified } from 'nestjs-gatehouse';
import type { User } from './user.entity.js';

/** What the demo routes answer. */
interface DemoBody {
  message: string;
  user_id: string | null;
}

/** Routes of the application's own, each protected by one decorator. */
@Controller('demo')
export class DemoController {
  /** Signed-in users only. */
  @Authenticated()
  @Get('protected')
  protected(@CurrentUser() user: User): DemoBody {
    return { message: `Hello, ${user.name ?? user.email}.`, user_id: user.id };
  }

  /** Signed-in users whose address is verified. */
  @Verified()
  @Get('verified-only')
  verifiedOnly(@CurrentUser() user: User): DemoBody {
    return { message: `Your address ${user.email} is verified.`, user_id: user.id };
  }

  /** Everybody; those who are signed in are recognised. */
  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser() user?: User): DemoBody {
    return { message: user ? `Welcome back, ${user.name ?? user.email}.` : 'Hello, guest.', user_id: user?.id ?? null };
  }

  /** What the application's hook put into the access token; no user is loaded. */
  @Authenticated()
  @Get('role')
  role(@CurrentSession() { claims }: Principal): { role: unknown } {
    return { role: claims['role'] };
  }
}
