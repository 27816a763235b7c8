/** An application whose responses say something more, or something else, than it says itself. */
import { changeFields, type FieldChanges } from "../http/field-changes.ts";
import type { Exchange, FieldList, Handler } from "./contract.ts";
import { DelegatingExchange } from "./delegate.ts";

/** Changes the fields of each final response. What the server answers for a handler that throws is not one of its. */
export function withFields(handler: Handler, changes: FieldChanges): Handler {
  return (exchange) => handler(new ChangedExchange(exchange, changes));
}

class ChangedExchange extends DelegatingExchange {
  readonly #changes: FieldChanges;

  constructor(inner: Exchange, changes: FieldChanges) {
    super(inner);
    this.#changes = changes;
  }

  override start(status: number, fields: FieldList = [], reason?: string): void {
    this.inner.start(status, changeFields(fields, this.#changes), reason);
  }
}
