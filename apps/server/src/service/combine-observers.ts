import type { ServerObserver } from '@e2eeftp/server';

/**
 * @param observers - who wants to hear what a server does
 * @returns one observer that tells them all, in their order
 */
export function combineObservers(observers: readonly ServerObserver[]): ServerObserver {
  return {
    connectionOpened: () => {
      for (const observer of observers) observer.connectionOpened?.();
    },
    connectionClosed: () => {
      for (const observer of observers) observer.connectionClosed?.();
    },
    connectionRefused: (refusal) => {
      for (const observer of observers) observer.connectionRefused?.(refusal);
    },
    handshakeEnded: (outcome, milliseconds) => {
      for (const observer of observers) observer.handshakeEnded?.(outcome, milliseconds);
    },
    commandAnswered: (facts) => {
      for (const observer of observers) observer.commandAnswered?.(facts);
    },
    fileStored: (facts) => {
      for (const observer of observers) observer.fileStored?.(facts);
    },
  };
}
