"""What follows writes: subscriptions (broker, topics, subscribers, costs); percolators; derived documents."""
