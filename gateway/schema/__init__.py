"""The declarations of the graph, one for each field, with their descriptions."""
