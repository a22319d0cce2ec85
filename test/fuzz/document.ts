/** What the OpenAPI document says of a body, as far as the fuzzer makes use of it. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly minProperties?: number;
}

/** One operation of the service. */
export interface Operation {
  readonly method: string;
  /** With names in braces, as the document has it. */
  readonly path: string;
  readonly queryKeys: readonly string[];
  /** One for each version that changed it; none: no body is read. */
  readonly bodies: readonly Schema[];
  readonly mediaType: string;
  /** Whether only clients of berth 1.0 find it. */
  readonly isBerths: boolean;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

interface Described {
  readonly 'x-berth-contract'?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** Asks the service what it serves. */
export async function readOperations(url: string): Promise<readonly Operation[]> {
  const reply = await fetch(`${url}/docs-json`);
  const { paths } = (await reply.json()) as Document;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, 'x-berth-contract': contract }]) => {
      const [mediaType, content] = Object.entries(requestBody?.content ?? {})[0] ?? ['application/json', undefined];
      return {
        method: method.toUpperCase(),
        path,
        queryKeys: parameters.filter((one) => one.in === 'query').map(({ name }) => name),
        bodies: content === undefined ? [] : (content.schema.oneOf ?? [content.schema]),
        mediaType,
        isBerths: contract !== undefined,
      };
    }),
  );
}
