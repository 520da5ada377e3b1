"""Other formats in and out: JSON lines, OpenSearch's UBI; the loop that every import runs, and its report."""
