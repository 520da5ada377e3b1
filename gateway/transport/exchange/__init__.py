"""One request over HTTP and its reply: caller, body, which media type and content coding, compression, headers."""
