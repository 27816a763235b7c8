/** What a program whose event loop is blocked holds and does, asked of it through the inspector. */
import type { Debugger } from "node:inspector";

/** A conversation with the inspector of one thread. */
export interface Inspector {
  on(event: string, listener: (params: unknown) => void): void;
  /** Resolves with the answer's result. */
  post(method: string, params?: object): Promise<unknown>;
}

/** Milliseconds that the inspector may take to stop the program: native code has no stack of JavaScript to show. */
const PATIENCE = 2000;
/** Frames that are shown. */
const FRAMES = 10;

/** Where the requests under way are found, as lines of text, by an expression that the inspector evaluates. */
const REQUESTS = "portico.requests";

/** Lets an inspector of this thread find the requests under way. @param requests gives them, a line each */
export function exposeRequests(requests: () => string[]): void {
  Object.assign(globalThis, { [Symbol.for(REQUESTS)]: requests });
}

interface Held {
  readonly frames: readonly Debugger.CallFrame[];
  readonly requests: Debugger.EvaluateOnCallFrameReturnType;
}

/** Stops the program where it is, and says what it holds and where it stands, a line each. */
export async function postMortem(inspector: Inspector): Promise<string[]> {
  const scripts = new Map<string, string>();
  inspector.on("Debugger.scriptParsed", (params) => {
    const { scriptId, url } = params as Debugger.ScriptParsedEventDataType;
    scripts.set(scriptId, url);
  });
  const held = await within(PATIENCE, pause(inspector));
  if (held === null) return ["  it is not in JavaScript"];
  const { value } = held.requests.result;
  const requests: string[] = value === undefined ? [] : JSON.parse(value);
  return [
    ...requests.map((request) => `  it holds ${request}`),
    ...held.frames.slice(0, FRAMES).map((frame) => `    at ${place(frame, scripts)}`),
  ];
}

/** A question that comes later than in the same call is not answered by a main thread: so seen on Node 20. */
function pause(inspector: Inspector): Promise<Held> {
  const held = new Promise<Held>((resolve) => {
    inspector.on("Debugger.paused", async (params) => {
      const { callFrames } = params as Debugger.PausedEventDataType;
      const expression = `JSON.stringify(globalThis[Symbol.for("${REQUESTS}")]())`;
      const { callFrameId } = callFrames[0]!;
      const answer = await inspector.post("Debugger.evaluateOnCallFrame", { callFrameId, expression });
      resolve({ frames: callFrames, requests: answer as Debugger.EvaluateOnCallFrameReturnType });
    });
  });
  void inspector.post("Debugger.enable");
  void inspector.post("Debugger.pause");
  return held;
}

async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function place({ functionName, location }: Debugger.CallFrame, scripts: ReadonlyMap<string, string>): string {
  const { scriptId, lineNumber, columnNumber = 0 } = location;
  const file = (scripts.get(scriptId) ?? "").replace(/^file:\/\//, "");
  const where = `${file}:${lineNumber + 1}:${columnNumber + 1}`;
  return functionName === "" ? where : `${functionName} (${where})`;
}
