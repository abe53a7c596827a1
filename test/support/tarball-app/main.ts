/** A small application on the packed package: `node main.js A..E` prints what its own routes answered, as JSON. */
import { createRequire } from 'node:module';
import { Controller, Get, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  type Account,
  Authenticated,
  AuthModule,
  AuthService,
  BaseUser,
  BaseUserToken,
  CurrentUser,
  type ModeLetter,
} from 'nestjs-gatehouse';
import { Column, Entity, JoinColumn, ManyToOne } from 'typeorm';

@Entity('users')
class User extends BaseUser {
  @Column({ type: 'varchar', nullable: true })
  name?: string | null;
}

@Entity('user_tokens')
class UserToken extends BaseUserToken {
  @ManyToOne(() => User, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: User;
}

@Controller('demo')
class DemoController {
  @Get()
  @Authenticated()
  show(@CurrentUser() user: Account): { email: string } {
    return { email: user.email };
  }
}

@Module({
  imports: [
    ConfigModule.forRoot(),
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: ':memory:',
      entities: [User, UserToken],
      synchronize: true,
    }),
    AuthModule.forRoot({ userEntity: User, tokenEntity: UserToken, mode: process.argv[2] as ModeLetter }),
  ],
  controllers: [DemoController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
const origin = await app.getUrl();
const files = Object.keys(createRequire(import.meta.url).cache);
const loaded = (name: string) => files.some((file) => file.includes(`/node_modules/${name}/`));
const atStart = process.argv.slice(3).filter(loaded);
const credentials = { email: 'ann@example.com', password: 'correct horse battery staple' };

async function request(path: string, init?: RequestInit): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${origin}${path}`, init);
  return { status: answer.status, text: await answer.text() };
}

const post = (path: string) =>
  request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  });

const signup = await post('/auth/signup');
const login = await post('/auth/login');
const { access_token } = JSON.parse(login.text) as { access_token?: string };
const guarded = await request('/demo', { headers: { authorization: `Bearer ${access_token}` } });
const page = await request(`/auth/activate/${'x'.repeat(64)}`);
const tokens = await app
  .get(AuthService)
  .login(credentials)
  .catch((error: { code?: string }) => error.code);
console.log(
  JSON.stringify({ signup: signup.status, login: login.status, guarded, page, service: typeof tokens, atStart }),
);
await app.close();
