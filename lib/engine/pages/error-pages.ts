import { Injectable } from '@nestjs/common';
import type { AuthError } from '../../platform/common/auth.errors.js';
import { errorHeaders } from '../../platform/http/auth-error.filter.js';
import { type BrowserRequest, type RefusalPage, RefusalPages } from '../../platform/http/refusal-pages.js';
import { isForm, refusalContext } from './page-exchange.js';
import { PageRenderer } from './page-renderer.js';
import { ERROR_PAGES, type PageFlow } from './page-table.js';

/** The error pages of mode E: for whoever follows a link or sends a form; everybody else is answered JSON. */
@Injectable()
export class ErrorPages extends RefusalPages {
  constructor(private readonly pages: PageRenderer) {
    super();
  }

  pageFor(flow: string, request: BrowserRequest, error: AuthError): RefusalPage | undefined {
    if (!hasPages(flow) || !isOfBrowser(request, ERROR_PAGES[flow].servesApi)) return undefined;
    const locale = this.pages.localeFor(request.headers['accept-language']?.toString());
    const page = this.pages.render(ERROR_PAGES[flow].page, locale, refusalContext(error));
    return { status: error.getStatus(), headers: { ...errorHeaders(error), ...page.headers }, body: page.html };
  }
}

function isOfBrowser(request: BrowserRequest, servesApi: boolean): boolean {
  const { method, headers } = request;
  if (method === 'GET' || method === 'HEAD' || isForm(request)) return true;
  return headers['content-type'] === undefined && !servesApi;
}

function hasPages(flow: string): flow is PageFlow {
  return Object.hasOwn(ERROR_PAGES, flow);
}
