/**
 * Works on several items at once, and takes no more of them than it works on: the source may be
 * endless. The first failure ends it, after the tasks under way have ended.
 *
 * @param items - what to work on; asked for one more whenever a task has ended
 * @param width - how many tasks are under way at once, at least 1
 * @param task - what to do with an item
 * @throws what the source or a task threw first
 */
export async function inParallel<Item>(
  items: AsyncGenerator<Item, void, void>,
  width: number,
  task: (item: Item) => Promise<void>,
): Promise<void> {
  let failure: { readonly reason: unknown } | undefined;
  const work = async (): Promise<void> => {
    try {
      while (!failure) {
        const next = await items.next();
        if (next.done === true) return;
        await task(next.value);
      }
    } catch (reason) {
      failure ??= { reason };
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  await items.return();
  if (failure) throw failure.reason;
}
