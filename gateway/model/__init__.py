"""What is stored: collections, documents, BSON values, filter trees, the wire shape, indexes."""
