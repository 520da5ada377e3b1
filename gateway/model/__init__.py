"""What is stored: kinds, documents and their ids, BSON values, indexes, secret keys and their hashes."""
