import { Catch, Inject, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AuthError } from '../../platform/common/auth.errors.js';
import { AuthErrorFilter } from '../../platform/http/auth-error.filter.js';
import type { BrowserRequest } from '../../platform/http/refusal-pages.js';
import { ErrorPages } from './error-pages.js';
import type { PageFlow } from './page-table.js';

/** Answers every {@link AuthError} of the controller that serves the pages of a flow: by a page, or JSON with JSON. */
export function pageErrorFilter(flow: PageFlow): Type<AuthErrorFilter> {
  @Catch(AuthError)
  class PageErrorFilter extends AuthErrorFilter {
    constructor(
      @Inject(HttpAdapterHost) adapterHost: HttpAdapterHost,
      @Inject(ErrorPages) private readonly pages: ErrorPages,
    ) {
      super(adapterHost);
    }

    protected override answerTo(request: BrowserRequest, error: AuthError) {
      return this.pages.pageFor(flow, request, error) ?? super.answerTo(request, error);
    }
  }
  return PageErrorFilter;
}
