/** An application whose responses say something more, or something else, than it says itself. */
import { changeFields, type FieldChanges } from "../http/field-changes.ts";
import type { Exchange, FieldList, Handler } from "./contract.ts";
import { DelegatingExchange } from "./delegate.ts";

/** Changes the fields of each final response. What the server answers for a handler that throws is not one of its. */
export function withFields(handler: Handler, changes: FieldChanges): Handler {
  const constants = new WeakMap<FieldList, FieldList>();
  return (exchange) => handler(new ChangedExchange(exchange, changes, constants));
}

class ChangedExchange extends DelegatingExchange {
  readonly #changes: FieldChanges;
  /** What became of constant lists. */
  readonly #constants: WeakMap<FieldList, FieldList>;

  constructor(inner: Exchange, changes: FieldChanges, constants: WeakMap<FieldList, FieldList>) {
    super(inner);
    this.#changes = changes;
    this.#constants = constants;
  }

  override start(status: number, fields: FieldList = NO_FIELDS, reason?: string): void {
    this.inner.start(status, this.#changed(fields), reason);
  }

  /** Constants of the application stay constants: the server encodes such a list once. */
  #changed(fields: FieldList): FieldList {
    if (!Object.isFrozen(fields)) return changeFields(fields, this.#changes);
    const known = this.#constants.get(fields);
    if (known !== undefined) return known;
    const changed = Object.freeze(changeFields(fields, this.#changes));
    this.#constants.set(fields, changed);
    return changed;
  }
}

const NO_FIELDS: FieldList = Object.freeze([]);
