"""Exports over HTTP, each page asked as an operation of the graph: parameters, pages, streams."""
