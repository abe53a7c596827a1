import { ApiProperty, OmitType } from '@nestjs/swagger';
import { Expose, Transform, Type } from 'class-transformer';
import { IsBoolean, IsDate, IsEnum, IsOptional, Matches } from 'class-validator';
import { BaseUser, BaseUserToken, BaseUserWithoutKey, SignupDto, userTable, userTokenTable } from 'nestjs-gatehouse';
import { Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn, type QueryRunner } from 'typeorm';
import type { Schema } from './test-app.js';

export enum Plan {
  Free = 'free',
  Paid = 'paid',
}

/** The columns of a club's members, on either kind of key. */
export interface ClubColumns {
  handle: string;
  plan: Plan;
  newsletter: boolean;
  bornAt: Date | null;
  role: string;
}

@Entity('users')
export class Member extends BaseUser implements ClubColumns {
  @Column({ type: 'varchar', length: 20, unique: true })
  handle!: string;

  @Column({ type: 'varchar', length: 10, default: Plan.Free })
  plan!: Plan;

  @Column({ type: 'boolean', default: false })
  newsletter!: boolean;

  @Column({ name: 'born_at', type: Date, nullable: true })
  bornAt!: Date | null;

  @Column({ type: 'varchar', length: 10, default: 'member' })
  role!: string;
}

@Entity('user_tokens')
export class MemberToken extends BaseUserToken {
  @ManyToOne(() => Member, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: Member;
}

@Entity('users')
export class NumberedMember extends BaseUserWithoutKey<number> implements ClubColumns {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 20, unique: true })
  handle!: string;

  @Column({ type: 'varchar', length: 10, default: Plan.Free })
  plan!: Plan;

  @Column({ type: 'boolean', default: false })
  newsletter!: boolean;

  @Column({ name: 'born_at', type: Date, nullable: true })
  bornAt!: Date | null;

  @Column({ type: 'varchar', length: 10, default: 'member' })
  role!: string;
}

@Entity('user_tokens')
export class NumberedMemberToken extends BaseUserToken {
  @ManyToOne(() => NumberedMember, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: NumberedMember;
}

/** What somebody who joins the club states: a field of each kind, required and optional. */
export class MemberSignupDto extends SignupDto {
  @Matches(/^[a-z0-9-]{3,20}$/)
  handle!: string;

  @IsOptional()
  @IsEnum(Plan)
  plan?: Plan;

  @IsOptional()
  @IsBoolean()
  newsletter?: boolean;

  @IsOptional()
  @IsDate()
  @Type(() => Date)
  @Expose({ name: 'born_at' })
  bornAt?: Date | null;
}

/** What members edit: the same fields, and neither address nor password. */
export class MemberProfileDto extends OmitType(MemberSignupDto, ['email', 'password', 'name', 'username'] as const) {}

/** How members see their account: columns, one of them by another name, one rewritten, and one computed. */
export class MemberResponse {
  @Expose()
  id!: string | number;

  @Expose({ name: 'address' })
  @Transform(({ value }: { value: string }) => value.replace(/^[^@]+/, (local) => local.toUpperCase()))
  email!: string;

  @ApiProperty({ type: String, description: 'What others call the member.' })
  @Expose()
  handle!: string;

  @Expose()
  plan!: Plan;

  @Expose({ name: 'born_at' })
  bornAt!: Date | null;

  emailVerifiedAt!: Date | null;

  @Expose()
  readonly kind = 'member';

  @Expose({ name: 'is_verified' })
  get isVerified(): boolean {
    return this.emailVerifiedAt !== null;
  }
}

/** The club's two tables, as its migration makes them. */
export function clubSchema(integerKeys: boolean): Schema {
  const idType = integerKeys ? 'integer' : 'uuid';
  return {
    userEntity: integerKeys ? NumberedMember : Member,
    tokenEntity: integerKeys ? NumberedMemberToken : MemberToken,
    createTables: async (runner: QueryRunner) => {
      await runner.createTable(
        userTable(runner, {
          name: 'users',
          idType,
          columns: [
            { name: 'handle', type: 'varchar', length: '20', isUnique: true, binary: true },
            { name: 'plan', type: 'varchar', length: '10', default: Plan.Free },
            { name: 'newsletter', type: 'boolean', default: false },
            { name: 'born_at', type: Date, isNullable: true },
            { name: 'role', type: 'varchar', length: '10', default: 'member' },
          ],
        }),
      );
      await runner.createTable(userTokenTable(runner, { name: 'user_tokens', userTable: 'users', userIdType: idType }));
    },
  };
}
