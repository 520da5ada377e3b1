"""How long a connection that stays open may be silent, on either side: the same over every transport."""

# Proxies give up a connection over which nothing comes.
HEARTBEAT_SECONDS = 12.0
# For how long a client that doesn't read is waited for with the last word.
LAST_WORD_SECONDS = 10.0
# For how long a client may read nothing of a stream: as long as websockets are waited for (see `Configuration`).
UNREAD_SECONDS = 40.0
