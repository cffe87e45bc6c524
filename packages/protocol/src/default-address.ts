/** Where a server listens and a client connects when nobody says otherwise: this machine alone. */
export const defaultHost = '127.0.0.1';

/** The port that servers listen at and clients ask for when nobody says otherwise. */
export const defaultPort = 5001;
