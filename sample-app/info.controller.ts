import { Controller, Get } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';

const MODE_NAMES = {
  A: 'production',
  B: 'local-smtp',
  C: 'link-in-response',
  D: 'auto-activate',
  E: 'backend-pages',
};

/** What the page, and whoever watches the process, wants to know. */
@Controller()
export class InfoController {
  constructor(private readonly config: ConfigService) {}

  /** Answers as long as the process serves requests. */
  @Get('health')
  health(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** The mode the application runs in, and where its mails can be read. */
  @Get('sample/info')
  info(): { mode: string; mode_name: string; mail_catcher_url: string | null } {
    const given = this.config.get<string>('AUTH_MODE') || 'A';
    const modes = Object.entries(MODE_NAMES);
    const [mode, mode_name] = modes.find((names) => names.includes(given)) ?? [given, given];
    return { mode, mode_name, mail_catcher_url: this.config.get<string>('SAMPLE_MAIL_CATCHER_URL') || null };
  }
}
