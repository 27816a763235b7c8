import { createRequire } from "node:module";

type Compiler = typeof import("@swc/wasm-typescript");

let loaded: Compiler | undefined;

/** Loaded when there is something to compile: that takes 80 ms and 20 MB (Node 20), and many have no TypeScript. */
function compiler(): Compiler {
  loaded ??= createRequire(import.meta.url)("@swc/wasm-typescript") as Compiler;
  return loaded;
}

/** What the compiler throws: a plain object. Lines count from 1, columns from 0. */
interface Complaint {
  readonly code: "UnsupportedSyntax" | "InvalidSyntax";
  readonly message: string;
  readonly startLine: number;
  readonly startColumn: number;
}

/**
 * JavaScript for a TypeScript module. Types are blanked out, so that every line and column stays where it was; only what
 * needs more than that (enums, namespaces, parameter properties, imports of types that do not say so) is transformed, and
 * carries a source map. Decorators are left to the engine.
 * @throws {SyntaxError} whose message starts with `file:line:column` and ends with the line in question.
 */
export function compileTypeScript(source: string, filename: string): string {
  const code = strip(source, filename);
  return code === undefined || hasUnusedImports(code) ? transform(source, filename) : code;
}

/** `undefined` when blanking out types is not enough. */
function strip(source: string, filename: string): string | undefined {
  try {
    return compiler().transformSync(source, { filename, module: true, mode: "strip-only" }).code;
  } catch (complaint) {
    if ((complaint as Complaint).code === "UnsupportedSyntax") return undefined;
    throw syntaxError(complaint as Complaint, source, filename);
  }
}

function transform(source: string, filename: string): string {
  // What `import x = require("x")` becomes: an ES module has no `require` of its own.
  const importExportAssignConfig = filename.endsWith(".cts") ? "Classic" : "NodeNext";
  const options = { filename, module: true, sourceMap: true, transform: { importExportAssignConfig } } as const;
  try {
    const { code, map } = compiler().transformSync(source, { ...options, mode: "transform" });
    return `${code}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map!).toString("base64")}\n`;
  } catch (complaint) {
    throw syntaxError(complaint as Complaint, source, filename);
  }
}

const IMPORT = /\bimport\b([^"'`;()]*?)\bfrom\b/g;
const STRINGS_AND_COMMENTS = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\/.*|\/\*[\s\S]*?\*\//g;
const IDENTIFIER = /[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;

/**
 * Whether a name is imported that the code, its types gone, does not use: TypeScript drops such imports, and a type's
 * would not link. This reads roughly and errs to yes, which costs the columns but is never wrong.
 */
function hasUnusedImports(code: string): boolean {
  const text = code.replace(STRINGS_AND_COMMENTS, "");
  const imported = [...text.matchAll(IMPORT)].flatMap(([, names]) => names!.match(IDENTIFIER) ?? []);
  if (imported.length === 0) return false;
  const used = new Set(text.replace(IMPORT, "").match(IDENTIFIER));
  return imported.some((name) => name !== "as" && !used.has(name));
}

function syntaxError({ message, startLine, startColumn }: Complaint, source: string, filename: string): SyntaxError {
  const line = source.split(/\r?\n/, startLine)[startLine - 1] ?? "";
  const index = indexOfColumn(line, startColumn);
  // Twenty things that could have stood there instead are no help.
  const what = message.replace(/\. Expected (?:[^,]+,){4}.*$/, "");
  const gutter = `${startLine} | `;
  // A tab before the mark must be as wide as the tab above it.
  const indent = " ".repeat(gutter.length) + line.slice(0, index).replace(/[^\t]/g, " ");
  const error = new SyntaxError(`${filename}:${startLine}:${index + 1}: ${what}\n${gutter}${line}\n${indent}^`);
  // Where the compiler was called from says nothing to whoever wrote the file.
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

/** The compiler counts columns as a terminal would that stops every tab after four cells. */
function indexOfColumn(line: string, column: number): number {
  let index = 0;
  for (let cells = 0; cells < column && index < line.length; index++) cells += line[index] === "\t" ? 4 : 1;
  return index;
}
