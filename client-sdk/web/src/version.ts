/** The version of this package, as the server's log shows it. */
export const VERSION = '0.1.0';
