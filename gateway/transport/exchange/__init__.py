"""One request over HTTP and its reply, whatever is asked: caller, body, negotiation, compression, security headers."""
