"""What operators are shown of others' text: no secrets, and unprintable characters escaped; the form of log lines."""
