import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { TerminusModule } from '@nestjs/terminus';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from 'nestjs-gatehouse';
import { AccountProfileDto, AccountResponse, AccountSignupDto } from './account.dto.js';
import { AccountHooks } from './account.hooks.js';
import { AuthEventRow } from './auth-event.entity.js';
import { AuthLimit } from './auth-limit.entity.js';
import { databaseOptions } from './database.js';
import { DemoController } from './demo.controller.js';
import { GracefulEnd } from './graceful-end.js';
import { HealthController } from './health.controller.js';
import { InfoController } from './info.controller.js';
import { limitStore } from './limit-store.js';
import { PageController } from './page.controller.js';
import { UserToken } from './user-token.entity.js';
import { User } from './user.entity.js';

/** Everything else, the mode included, comes from the environment. */
@Module({
  imports: [
    ConfigModule.forRoot(),
    TerminusModule,
    TypeOrmModule.forRoot(databaseOptions()),
    AuthModule.forRoot({
      userEntity: User,
      tokenEntity: UserToken,
      signupDto: AccountSignupDto,
      profileDto: AccountProfileDto,
      userResponse: AccountResponse,
      eventEntity: AuthEventRow,
      limitEntity: AuthLimit,
      limitStore: await limitStore(),
      hooks: AccountHooks,
    }),
  ],
  controllers: [DemoController, HealthController, InfoController, PageController],
  providers: [GracefulEnd],
})
export class AppModule {}
