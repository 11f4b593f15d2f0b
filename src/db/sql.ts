/**
 * SQL here binds its parameters by name. Names become positions once, when a module is loaded:
 *
 *   const EXTEND = sql("UPDATE leases SET expires_at = :until WHERE token = :token");
 *   await EXTEND.on(db, { token, until }).run();
 *
 * A parameter that is missing, misspelt or left over fails the type check if the text is a literal:
 * its fragments are constants, `as const` if they are put together. The names of any other text are
 * listed, and `sql` throws when they differ from those in the text:
 *
 *   const READ = sql(`SELECT ${columns.join()} FROM tasks WHERE id = :id`, ["id"]);
 */
export type Value = string | number | null;
export type Values = Readonly<Record<string, Value>>;

/** Taken is the further arguments of a text with these names: their values, or nothing. */
export type Taken<Name extends string> = [Name] extends [never]
  ? []
  : [Readonly<Record<Name, Value>>];

export interface Sql<Name extends string> {
  /** The text has positions in place of names. */
  text: string;
  /** Makes the statement, with these values bound. */
  on: (db: D1Database, ...values: Taken<Name>) => D1PreparedStatement;
}

/** Makes SQL that binds by name, as the head of this file shows. */
export function sql<const Text extends string>(
  text: Text,
  ...unknown: string extends NamesIn<Text> ? [never] : []
): Sql<NamesIn<Text>>;
export function sql<const Name extends string>(text: string, names: readonly Name[]): Sql<Name>;
export function sql(named: string, said?: readonly string[]): Sql<string> {
  const names = new Set<string>();
  const text = named.replaceAll(TOKEN, (token, name?: string) => {
    if (token.startsWith("?")) {
      throw new Error(`${token} has no name in: ${named}`);
    }
    return name === undefined ? token : `?${[...names.add(name)].indexOf(name) + 1}`;
  });
  const order = [...names];
  const odd =
    said && [...order, ...said].filter((name) => !names.has(name) || !said.includes(name));
  if (odd && odd.length > 0) {
    throw new Error(`Not both given and used: ${odd.join(", ")} in: ${named}`);
  }
  return {
    text,
    on: (db, values) => {
      const statement = db.prepare(text);
      return order.length === 0 ? statement : statement.bind(...order.map((name) => values[name]));
    },
  };
}

/** Makes a statement whose text is for one call. Throws when a name stands for two values. */
export function statement(db: D1Database, text: string, ...all: Values[]): D1PreparedStatement {
  const values: Record<string, Value> = {};
  for (const [name, value] of all.flatMap((each) => Object.entries(each))) {
    if (Object.hasOwn(values, name) && values[name] !== value) {
      throw new Error(`:${name} is given twice in: ${text}`);
    }
    values[name] = value;
  }
  return sql(text, Object.keys(values)).on(db, values);
}

/**
 * TOKEN matches strings, quoted names and comments too, so that no parameter is found inside them.
 */
const TOKEN = /'[^']*'|"[^"]*"|--.*|\/\*[^]*?\*\/|:([a-z_]\w*)|\?\d*/gi;

/**
 * NamesIn is the names in a literal text, or `string` if the text is not known to the type check.
 */
export type NamesIn<Text extends string> = {} extends Record<Text, unknown> ? string : Bound<Text>;

/** Bound is the names in a text outside of its strings. */
type Bound<Text, Found = never> = Text extends `${infer Before}'${string}'${infer After}`
  ? Bound<After, Found | Named<Before>>
  : Found | Named<Text>;

type Named<Text, Found = never> = Text extends `${string}:${infer After}`
  ? Named<After, Found | Word<After>>
  : Found;

type Word<Text, Begun extends string = ""> = Text extends `${infer Letter}${infer Rest}`
  ? Letter extends LetterOf<"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789">
    ? Word<Rest, `${Begun}${Letter}`>
    : Begun
  : Begun;

type LetterOf<Text, Found = never> = Text extends `${infer Letter}${infer Rest}`
  ? LetterOf<Rest, Found | Letter>
  : Found;
