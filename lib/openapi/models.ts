import type { Type } from '@nestjs/common';
import type { ContentObject, ReferenceObject, RequestBodyObject, SchemaObject } from '@nestjs/swagger';
import type { AuthConfig } from '../config/auth-config.js';
import type { Endpoint } from '../http/endpoint.js';
import { type AccountDtos, BUNDLED_DTOS } from '../own-fields/account-dtos.js';
import { answerExamples } from './answer-examples.js';
import { answerSchemas } from './answer-schemas.js';
import type { AnswerName, BodyName } from './answers.js';
import type { DocumentedAccount } from './documented-account.js';
import { needsBody, requestModel } from './request-model.js';
import { responseModel } from './response-model.js';
import { describeProperty, referenceTo } from './swagger-metadata.js';

/** In front of the names of the module's schemas: an application may well have a `LoginDto` of its own. */
const PREFIX = 'Auth';

/** The bodies of requests and answers, as classes of which @nestjs/swagger makes the schemas of the document. */
export class Models {
  private readonly answers: Readonly<Record<BodyName, Type>>;
  private readonly examples: Readonly<Record<BodyName, unknown>>;
  private readonly requests = new Map<string, Type>();

  constructor(
    config: AuthConfig,
    private readonly dtos: AccountDtos,
    private readonly account: DocumentedAccount,
  ) {
    const entries = Object.entries(answerSchemas(account)).map(([name, fields]) => [
      name,
      answerModel(PREFIX + name, fields),
    ]);
    const { userResponse } = dtos;
    const own = userResponse && { Profile: responseModel(userResponse) };
    this.answers = { ...(Object.fromEntries(entries) as Record<BodyName, Type>), ...own };
    // What values the application's own fields have, the application says.
    this.examples = { ...answerExamples(config, account), ...(own && { Profile: undefined }) };
  }

  /** The body of every refusal. */
  get error(): ReferenceObject {
    return referenceTo(this.answers.Error);
  }

  /** Every class the operation of an endpoint refers to. */
  usedBy(endpoint: Endpoint): Type[] {
    const bodies = Object.values(endpoint.answers).flat().flatMap(bodyOf);
    const request = this.requestModelOf(endpoint);
    return [...bodies, 'Error' as const].map((name) => this.answers[name]).concat(request ?? []);
  }

  /** An answer by its media type; none for an answer without a body. */
  contentOf(answer: AnswerName): ContentObject {
    if (answer === 'Nothing') return {};
    if (answer === 'Page') return { 'text/html': { schema: { type: 'string' } } };
    const [name] = bodyOf(answer);
    const [schema, example] = [referenceTo(this.answers[name!]), this.examples[name!]];
    const isList = name !== answer;
    return {
      [answer === 'JwkSet' ? 'application/jwk-set+json' : 'application/json']: isList
        ? { schema: { type: 'array', items: schema }, example: [example] }
        : { schema, ...(example !== undefined && { example }) },
    };
  }

  /** The body of a request; undefined where no field of one is read. */
  requestOf(endpoint: Endpoint): RequestBodyObject | undefined {
    const model = this.requestModelOf(endpoint);
    if (!model) return undefined;
    const required = !leavesOut(endpoint) && needsBody(model);
    const type = endpoint.accepts === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
    return { required, content: { [type]: { schema: referenceTo(model) } } };
  }

  private requestModelOf(endpoint: Endpoint): Type | undefined {
    const { body, request: fields } = endpoint;
    if (body === null) return undefined;
    const dto: Type = typeof body === 'string' ? this.dtos[body] : body;
    const isOwn = typeof body === 'string' && dto !== BUNDLED_DTOS[body];
    const isPart = leavesOut(endpoint) && needsBody(dto);
    const name = (isOwn ? '' : PREFIX) + dto.name + (isPart ? 'Part' : '');
    const { hasName, hasUsername, logsInByUsername } = this.account;
    const takesUsername = endpoint.flow === 'login' ? logsInByUsername : hasUsername;
    const refused = [...(hasName ? [] : ['name']), ...(takesUsername ? [] : ['username'])];
    const model = this.requests.get(name) ?? requestModel(dto, { name, fields, refused, isPart });
    this.requests.set(name, model);
    return model;
  }
}

function answerModel(name: string, fields: Record<string, SchemaObject & { optional?: true }>): Type {
  const model: Type = { [name]: class {} }[name]!;
  for (const [field, { optional, ...schema }] of Object.entries(fields)) {
    describeProperty(model, field, { ...schema, required: !optional });
  }
  return model;
}

/** True where a body may leave out any field: what it leaves out stays as it is. */
function leavesOut({ method }: Endpoint): boolean {
  return method === 'PATCH';
}

/** The JSON object in an answer; none in a page, and in no body at all. */
function bodyOf(answer: AnswerName): BodyName[] {
  if (answer === 'Page' || answer === 'Nothing') return [];
  return [answer === 'Sessions' ? 'Session' : answer];
}
