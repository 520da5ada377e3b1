"""Who asks: authentication, permissions, and who is still allowed."""
