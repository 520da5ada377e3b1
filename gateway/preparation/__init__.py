"""Operation texts parsed, validated, planned once and kept; persisted documents and their manifest."""
