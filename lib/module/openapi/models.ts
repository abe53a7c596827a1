import type { Type } from '@nestjs/common';
import type { ContentObject, ReferenceObject, RequestBodyObject } from '@nestjs/swagger';
import type { AuthConfig } from '../../platform/config/auth-config.js';
import type { Endpoint } from '../../platform/http/endpoint.js';
import type { Answer, JsonBody } from '../../platform/http/answer.js';
import type { OwnBodies } from '../../platform/http/own-bodies.js';
import { BUNDLED_DTOS } from '../options/own-bodies.js';
import { answerModel } from './answer-model.js';
import type { DocumentedAccount } from './documented-account.js';
import { ERROR_BODY } from './error-body.js';
import { needsBody, requestModel } from './request-model.js';
import { responseModel } from './response-model.js';
import { referenceTo } from './swagger-metadata.js';

/** In front of the names of the module's schemas: an application may well have a `LoginDto` of its own. */
const PREFIX = 'Auth';

/** The bodies of requests and answers, as classes of which @nestjs/swagger makes the schemas of the document. */
export class Models {
  private readonly answers = new Map<JsonBody, Type>();
  private readonly requests = new Map<string, Type>();

  constructor(
    private readonly config: AuthConfig,
    private readonly bodies: OwnBodies,
    private readonly account: DocumentedAccount,
  ) {}

  /** The body of every refusal. */
  get error(): ReferenceObject {
    return referenceTo(this.answerModelOf(ERROR_BODY));
  }

  /** Every class the operation of an endpoint refers to. */
  usedBy(endpoint: Endpoint): Type[] {
    const answers = Object.values(endpoint.answers).flat().flatMap(bodyOf);
    const request = this.requestModelOf(endpoint);
    return [...answers, ERROR_BODY].map((body) => this.answerModelOf(body)).concat(request ?? []);
  }

  /** An answer by its media type; none for an answer without a body. */
  contentOf(answer: Answer): ContentObject {
    if (answer.kind === 'nothing') return {};
    if (answer.kind === 'page') return { 'text/html': { schema: { type: 'string' } } };
    const isList = answer.kind === 'list';
    const body = isList ? answer.of : answer;
    const schema = referenceTo(this.answerModelOf(body));
    // What values the application's own fields have, the application says.
    const example = this.ownClassOf(body) ? undefined : body.example({ config: this.config, ...this.account });
    return {
      [body.mediaType]: {
        schema: isList ? { type: 'array', items: schema } : schema,
        ...(example !== undefined && { example: isList ? [example] : example }),
      },
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

  private answerModelOf(body: JsonBody): Type {
    const own = this.ownClassOf(body);
    const { userIdSchema } = this.account;
    const model =
      this.answers.get(body) ?? (own ? responseModel(own) : answerModel(PREFIX + body.name, body, userIdSchema));
    this.answers.set(body, model);
    return model;
  }

  /** The application's class that takes the place of a body. */
  private ownClassOf({ own }: JsonBody): Type<object> | undefined {
    return own && this.bodies[own];
  }

  private requestModelOf(endpoint: Endpoint): Type | undefined {
    const { body, request: fields } = endpoint;
    if (body === null) return undefined;
    const dto: Type = typeof body === 'string' ? this.bodies[body] : body;
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

/** True where a body may leave out any field: what it leaves out stays as it is. */
function leavesOut({ method }: Endpoint): boolean {
  return method === 'PATCH';
}

/** The JSON object in an answer; none in a page, and in no body at all. */
function bodyOf(answer: Answer): JsonBody[] {
  if (answer.kind === 'list') return [answer.of];
  return answer.kind === 'json' ? [answer] : [];
}
