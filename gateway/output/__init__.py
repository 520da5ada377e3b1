"""What operators are shown of others' text: no secrets, and unprintable characters escaped."""
