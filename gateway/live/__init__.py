"""What follows writes: subscriptions (the broker, topics, what waits for a subscriber, costs); derived documents."""
