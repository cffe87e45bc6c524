/** A call that waits for something to happen. */
export interface Waiting<Value> {
  resolve(value: Value): void;
  reject(error: Error): void;
}
