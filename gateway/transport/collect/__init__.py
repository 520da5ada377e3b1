"""Collectors that sites have clients for, Algolia's and OpenSearch UBI's: events as operations of the graph."""
