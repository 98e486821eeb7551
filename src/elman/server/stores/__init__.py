"""Where sessions are kept: in memory, in a file besides, or in Redis for several servers."""
