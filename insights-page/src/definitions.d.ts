declare module "virtual:definitions" {
  /** What the schema says of a field, by `Type.field`. */
  export const definitions: Record<string, string>;
}
