/** What a suite asks of a value: the part of Jest's `expect` that it uses. */
export interface Expectation {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toBeLessThan(expected: number): void;
  readonly rejects: { toMatchObject(expected: { readonly code: string }): Promise<void> };
}

/**
 * What runs a suite: Jest's globals fit, and so do Vitest's. The suite takes them as a parameter,
 * so that it depends on neither.
 */
export interface TestFramework {
  /**
   * @param name - what the tests are about
   * @param define - defines them
   */
  describe(name: string, define: () => void): void;
  /**
   * @param name - what must hold
   * @param run - fails when it does not
   */
  test(name: string, run: () => Promise<void>): void;
  /**
   * @param actual - a value, or a promise for `rejects`
   * @returns what can be asked of it
   */
  expect(actual: unknown): Expectation;
}
