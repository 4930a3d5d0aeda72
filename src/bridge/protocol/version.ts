/**
 * The version of the port protocol. Threads of one scheduler run one copy of this package, except when an
 * application has bundled or installed two; they tell each other when they meet, and refuse to guess.
 */
export const PROTOCOL_VERSION = 1
