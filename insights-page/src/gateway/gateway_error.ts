/** An error as GraphQL reports it. */
export interface ReportedError {
  message: string;
  path?: readonly (string | number)[] | undefined;
  extensions?: Record<string, unknown> | undefined;
}

/** What the gateway refused or couldn't do, or that it couldn't be reached (`UNREACHABLE`). */
export class GatewayError extends Error {
  /** `retrySeconds`: after how long it is worth asking again, where the gateway says so. */
  constructor(
    message: string,
    readonly code: string,
    readonly path: string | null = null,
    readonly retrySeconds: number | null = null,
  ) {
    super(message);
  }

  static reported({ message, path, extensions }: ReportedError, retryAfter: string | null = null): GatewayError {
    const code = extensions?.["code"];
    const retrySeconds = retryAfter === null ? null : Number(retryAfter);
    return new GatewayError(message, typeof code === "string" ? code : "ERROR", path?.join(".") ?? null, retrySeconds);
  }

  /** Whether another key is needed. */
  get isUnauthenticated(): boolean {
    return this.code === "UNAUTHENTICATED";
  }
}
