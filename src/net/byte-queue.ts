/** Bytes that have come and were not asked for yet: in at the back, out at the front, searched once. */

const EMPTY = Buffer.alloc(0);

export class ByteQueue {
  #bytes: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  /** What has been searched without success: for which byte sequence, and up to where. */
  #sought: Uint8Array | null = null;
  #searched = 0;

  get size(): number {
    return this.#end - this.#start;
  }

  /** Takes a copy of the first `length` bytes. */
  push(bytes: Uint8Array, length: number): void {
    if (this.#end + length > this.#bytes.length) this.#makeRoom(length);
    this.#bytes.set(length === bytes.length ? bytes : bytes.subarray(0, length), this.#end);
    this.#end += length;
  }

  /**
   * Always into new memory, because what was taken from the old is others' now. An empty queue takes just what it needs;
   * from then on doubling makes it O(1) a byte, however small the pieces are.
   */
  #makeRoom(length: number): void {
    const { size } = this;
    const room = Buffer.allocUnsafe(size === 0 ? length : (size + length) * 2);
    this.#bytes.copy(room, 0, this.#start, this.#end);
    this.#bytes = room;
    this.#searched -= this.#start;
    this.#start = 0;
    this.#end = size;
  }

  /** Where `delimiter` begins, in bytes from the front; -1 if it has not come. No byte is looked at twice for the same one. */
  indexOf(delimiter: Uint8Array): number {
    const from = this.#sought === delimiter ? Math.max(this.#start, this.#searched) : this.#start;
    const at = this.#bytes.subarray(0, this.#end).indexOf(delimiter, from);
    this.#sought = delimiter;
    this.#searched = at >= 0 ? at : this.#end - delimiter.length + 1;
    return at < 0 ? -1 : at - this.#start;
  }

  /** Takes so many bytes from the front, which are the caller's to keep. */
  take(length: number): Buffer {
    const taken = this.#bytes.subarray(this.#start, this.#start + length);
    this.#drop(length);
    return taken;
  }

  /** Takes so many bytes from the front, and gives the first `kept` of them as UTF-8 text. */
  takeText(length: number, kept: number): string {
    const text = this.#bytes.toString("utf8", this.#start, this.#start + kept);
    this.#drop(length);
    return text;
  }

  /** The byte at this place, from the front. */
  at(index: number): number {
    return this.#bytes[this.#start + index]!;
  }

  clear(): void {
    this.#drop(this.size);
  }

  /** An empty queue holds no memory: most connections wait with nothing in theirs. */
  #drop(length: number): void {
    this.#start += length;
    if (this.#start < this.#end) return;
    this.#bytes = EMPTY;
    this.#start = this.#end = this.#searched = 0;
    this.#sought = null;
  }
}
