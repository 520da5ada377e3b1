"""The only code that talks to MongoDB: client, reader, writer, change stream, index creation, tenancy, keys, audit."""
