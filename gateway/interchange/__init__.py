"""Other formats in and out: JSON lines in the REST wire shape, and OpenSearch's User Behavior Insights."""
