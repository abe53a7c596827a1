import { Controller, Get, Optional } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { AuthHealthIndicator } from 'nestjs-gatehouse';

/** For whoever watches the process. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    // Level none stands on nothing that could fail.
    @Optional() private readonly auth?: AuthHealthIndicator,
  ) {}

  /** 200 while the application can do its work, 503 while it cannot. */
  @HealthCheck()
  @Get()
  check(): Promise<HealthCheckResult> {
    const { auth } = this;
    return this.health.check(auth ? [() => auth.check({ mostOwedMails: 100, oldestOwedMailSeconds: 900 })] : []);
  }
}
