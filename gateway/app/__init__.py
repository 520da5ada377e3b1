"""The application: every part made once and wired."""
