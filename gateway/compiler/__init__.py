"""From a document to a plan, from a plan and variables to commands, and from pages to the response. No I/O."""
