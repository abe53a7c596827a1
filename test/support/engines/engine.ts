/** A browser of another make than Chromium, in which the pages must work as well. */
export interface Engine {
  /** Opens a tab, the only one that is looked at. */
  open(url: string): Promise<void>;
  /** The text of the first element that matches; empty while there is none. */
  text(selector: string): Promise<string>;
  /** Types into a field, as a person does. */
  type(selector: string, text: string): Promise<void>;
  /** Clicks on what is there, and waits for nothing. */
  click(selector: string): Promise<void>;
  close(): Promise<void>;
}

/** How an engine is started. */
export interface EngineOptions {
  /** False as in a browser whose user has switched scripts off. */
  readonly javaScript: boolean;
}
