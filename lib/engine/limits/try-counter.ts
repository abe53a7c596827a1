import { Inject, Injectable, Logger } from '@nestjs/common';
import { AuthError } from '../../platform/common/auth.errors.js';
import { Clock } from '../../platform/common/clock.js';
import type { LimitVerdict } from '../../platform/common/limit.js';
import { oneLineOf } from '../../platform/common/one-line.js';
import { AUTH_CONFIG, type AuthConfig } from '../../platform/config/auth-config.js';
import type { Limited } from './limit-keys.js';
import { LimitMeter } from './limit-meter.js';
import { PatientStore } from './patient-store.js';
import { Returns } from './returns.js';

/** Counts tries in the store, and measures it. */
@Injectable()
export class TryCounter {
  private readonly logger = new Logger('AuthLimits');

  constructor(
    private readonly store: PatientStore,
    private readonly returns: Returns,
    private readonly meter: LimitMeter,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Counts one after the other until one is refused. Where limits only observe, what would be refused is tried all the same,
   * and so are those after it.
   * @returns the verdicts, up to the first refusal
   * @throws AuthError SERVICE_UNAVAILABLE where nobody can count
   */
  async count(limited: readonly Limited[]): Promise<LimitVerdict[]> {
    const groups = this.config.limits.mode === 'observe' ? limited.map((each) => [each]) : [limited];
    const verdicts: LimitVerdict[] = [];
    for (const group of groups) if (group.length > 0) verdicts.push(...(await this.countInTurn(group)));
    for (const [index, verdict] of verdicts.entries()) this.told(limited[index]!, verdict);
    return verdicts;
  }

  /** @throws where the store cannot count */
  verify(): Promise<void> {
    return this.store.verify();
  }

  /** Tells the meter what became of a try. */
  told({ rule }: Limited, { isAllowed }: Pick<LimitVerdict, 'isAllowed'>): void {
    const refused = this.config.limits.mode === 'observe' ? 'observed' : 'refused';
    this.meter.count(rule, isAllowed ? 'allowed' : refused);
  }

  private async countInTurn(limited: readonly Limited[]): Promise<LimitVerdict[]> {
    const verdicts = await this.take(limited);
    const last = verdicts.length - 1;
    if (verdicts[last]!.isAllowed || !this.returns.has(limited[last]!.key)) return verdicts;
    // Refused for tries that were genuine, and are only not given back yet.
    await this.returns.send();
    return [...verdicts.slice(0, last), ...(await this.take(limited.slice(last)))];
  }

  private async take(limited: readonly Limited[]): Promise<LimitVerdict[]> {
    try {
      return await this.meter.time('take', () => this.store.take(limited, this.clock.now()));
    } catch (error) {
      // Whatever it is, a missing table as well: nobody can count, and that is all that callers must know.
      this.logger.error(`tries cannot be counted: ${oneLineOf(error)}`);
      throw new AuthError('SERVICE_UNAVAILABLE', { cause: error });
    }
  }
}
