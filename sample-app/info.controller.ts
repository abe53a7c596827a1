import { Controller, Get, Inject } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { AUTH_CONFIG, type AuthConfig, MODES } from 'nestjs-gatehouse';

/** What the page, and whoever watches the process, wants to know. */
@Controller()
export class InfoController {
  constructor(
    @Inject(AUTH_CONFIG) private readonly auth: AuthConfig,
    private readonly env: ConfigService,
  ) {}

  /** Answers as long as the process serves requests. */
  @Get('health')
  health(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** The mode the application runs in, and where its mails can be read. */
  @Get('sample/info')
  info(): { mode: string; mode_name: string; mail_catcher_url: string | null } {
    const { mode } = this.auth;
    const catcher = this.env.get<string>('SAMPLE_MAIL_CATCHER_URL');
    return { mode, mode_name: MODES[mode].name, mail_catcher_url: catcher || null };
  }
}
