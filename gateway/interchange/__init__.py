"""Other formats in and out: JSON lines in the REST wire shape, OpenSearch's User Behavior Insights."""
