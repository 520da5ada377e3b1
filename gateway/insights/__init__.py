"""What is derived from what was recorded: pipelines and arithmetic of statistics, signals and judgments; no I/O."""
